import { type ConfSection, confText } from '../../../config/zconfig/conf-file.ts';
import { Failure } from '../../../system/failure.ts';
import type { ServedState } from '../serve-site.ts';

/** A database of an instance, and which of the open storages it is to have in the copy. */
export interface ZopeDatabase {
  readonly section: ConfSection;
  /** Undefined: it is in memory, and empty at each start. */
  readonly storage: ServedState | undefined;
}

/**
 * The databases that a `zope.conf` mounts. Failure `usage` where one is in no storage that is open, or is written in
 * a file that this one includes.
 */
export function databasesOf(
  conf: ConfSection,
  { file, storages }: { readonly file: string; readonly storages: readonly ServedState[] },
): readonly ZopeDatabase[] {
  const sections = conf.sections.filter(({ type }) => type === 'zodb_db' || type === 'zodb-db');
  for (const { name, origin } of sections) {
    if (origin.kind === 'line' && origin.file === file) continue;
    throw wrong(file, `the database "${name}" is in a file that it includes`);
  }
  if (sections.length === 0) throw wrong(file, 'it has no <zodb_db>');
  return sections.map((section) => ({ section, storage: storageOf(section, { file, storages }) }));
}

/** The main one comes last among those that are open. */
function storageOf(
  section: ConfSection,
  { file, storages }: { readonly file: string; readonly storages: readonly ServedState[] },
): ServedState | undefined {
  if (section.sections.some(({ type }) => type === 'temporarystorage')) return undefined;
  const isMain = section.name === 'main' || confText(section, 'mount-point') === '/';
  if (isMain && storages.at(-1) !== undefined) return storages.at(-1);
  const [client] = section.sections.filter(({ type }) => type === 'zeoclient');
  const name = (client && confText(client, 'storage')) ?? section.name;
  const found = storages.find((one) => one.zeoName === name || one.storage === name);
  if (found !== undefined) return found;
  throw wrong(file, `its database "${section.name}" is in none of the storages that are open`);
}

function wrong(file: string, state: string): Failure {
  return new Failure('usage', `Cannot make a copy of the instance of "${file}": ${state}`, {
    hint: 'Open all storages of the site, or name the zope.conf of another instance.',
  });
}
