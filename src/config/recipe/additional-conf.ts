/** A storage in the text that a part adds to its conf. */
export interface AddedStorage {
  /** Of the database, or else of the storage itself. */
  readonly name: string;
  readonly path: string;
}

/**
 * The FileStorages in the text of `zope-conf-additional` or `zeo-conf-additional`: ZConfig's sections, one tag
 * or key a line, keys in any case. What can't be read is passed over: it is the server's to complain of.
 */
export function storagesInConf(text: string): readonly AddedStorage[] {
  const found: AddedStorage[] = [];
  const open: { readonly type: string; readonly name: string }[] = [];
  for (const line of text.split('\n').map((one) => one.trim())) {
    const [, slash, type = '', name = '', empty] =
      /^<(\/?)([^\s/>]+)\s*([^>]*?)(\/?)>$/.exec(line) ?? [];
    const path = /^path\s+(\S.*)$/i.exec(line)?.[1];
    if (slash === '/') open.pop();
    else if (slash === '' && empty === '') open.push({ type: type.toLowerCase(), name });
    else if (path !== undefined && open.at(-1)?.type === 'filestorage') {
      const database = open.findLast((one) => one.type === 'zodb_db');
      found.push({ name: database?.name || open.at(-1)?.name || '', path });
    }
  }
  return found;
}
