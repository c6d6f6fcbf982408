import type { ListedFolder } from './inspect-archive.ts';

/**
 * GNU tar's state of a chain of incremental archives (`.snar`, format 2, since tar 1.16; "Format of
 * the Incremental Snapshot Files" in its manual):
 *
 * | part | |
 * | --- | --- |
 * | `GNU tar-VERSION-2`, newline | |
 * | seconds, nanoseconds | when the last archive was begun; each ends with a 0 |
 * | for each folder: | |
 * | NFS, seconds, nanoseconds, device, inode, name | each ends with a 0 |
 * | `Y`, `N` or `D` and a name, for all in it | each ends with a 0 |
 * | 0, 0 | |
 */
const HEAD = /^GNU tar-[^\n]*-2\n\d+\0\d+\0/;
const FIELDS_OF_A_FOLDER = 6;

/** What a state says that its last archive lists, by folder (`./0x00`); undefined: it is no state. */
export function decodeChainState(bytes: Uint8Array): FolderListing | undefined {
  const text = Buffer.from(bytes).toString();
  const head = HEAD.exec(text);
  if (head === null) return undefined;
  const fields = text.slice(head[0].length).split('\0');
  const listing = new Map<string, string>();
  let position = 0;
  while (position < fields.length - 1) {
    const name = fields[position + FIELDS_OF_A_FOLDER - 1];
    const begin = position + FIELDS_OF_A_FOLDER;
    const end = fields.indexOf('', begin);
    if (name === undefined || end < 0 || fields[end + 1] !== '') return undefined;
    const names = fields.slice(begin, end);
    listing.set(
      name,
      describe({
        files: names.filter((one) => !one.startsWith('D')).map((one) => one.slice(1)),
        folders: names.filter((one) => one.startsWith('D')).map((one) => one.slice(1)),
      }),
    );
    position = end + 2;
  }
  const isWhole = listing.size > 0 && position === fields.length - 1;
  return isWhole ? listing : undefined;
}

/** Folders, each with a text that is the same where it holds the same names. */
export type FolderListing = ReadonlyMap<string, string>;

/** The same of an archive's listings. */
export function listingOf(folders: readonly ListedFolder[]): FolderListing {
  return new Map(
    folders.map(({ path, saved, unchanged, folders: inside }) => [
      path.replace(/\/+$/, ''),
      describe({ files: [...saved, ...unchanged], folders: inside }),
    ]),
  );
}

export function isSameListing(a: FolderListing, b: FolderListing): boolean {
  return a.size === b.size && [...a].every(([path, names]) => b.get(path) === names);
}

function describe({
  files,
  folders,
}: {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}): string {
  return [...[...files].sort(), '', ...[...folders].sort()].join('\0');
}
