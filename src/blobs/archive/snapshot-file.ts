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
const FIELDS_BEFORE_INODE = 4;
/** Of no folder. */
const NO_INODE = '0';

/** What a state says that its last archive lists, by folder (`./0x00`); undefined: it is no state. */
export function decodeChainState(bytes: Uint8Array): FolderListing | undefined {
  const text = Buffer.from(bytes).toString();
  const listing = new Map<string, string>();
  const isState = readFolders(text, ({ name, files, folders }) => {
    listing.set(name, describe({ files, folders }));
  });
  return isState && listing.size > 0 ? listing : undefined;
}

/**
 * The same state without the inodes of folders that have another one now, or are gone. tar knows a
 * folder again by its inode, and takes one that gets the inode of a folder that was removed for that
 * folder, renamed: of some such renames it makes archives that it can't unpack. A folder whose inode
 * it doesn't know it saves whole. What is no state stays as it is.
 *
 * @param inodeOf - of a folder (`./0x00`) now; undefined: it is gone
 */
export function withoutMovedFolders(
  bytes: Buffer,
  inodeOf: (folder: Buffer) => bigint | undefined,
): Buffer {
  const text = bytes.toString('latin1'); // Names are bytes of any encoding.
  const parts: string[] = [];
  let written = 0;
  readFolders(text, ({ name, inode, inodeAt }) => {
    if (String(inodeOf(Buffer.from(name, 'latin1'))) === inode) return;
    parts.push(text.slice(written, inodeAt), NO_INODE);
    written = inodeAt + inode.length;
  });
  return Buffer.from(parts.join('') + text.slice(written), 'latin1');
}

interface StateFolder {
  readonly name: string;
  readonly inode: string;
  /** Where that stands in the text. */
  readonly inodeAt: number;
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** Whether a text is a state, all of whose folders were given then. */
function readFolders(text: string, onFolder: (folder: StateFolder) => void): boolean {
  const head = HEAD.exec(text);
  if (head === null) return false;
  const fields = new Fields(text, head[0].length);
  while (!fields.isAtEnd) {
    for (let number = 0; number < FIELDS_BEFORE_INODE; number++) fields.next();
    const inodeAt = fields.position;
    const inode = fields.next();
    const name = fields.next();
    const files: string[] = [];
    const folders: string[] = [];
    let one = fields.next();
    for (; one !== undefined && one !== ''; one = fields.next()) {
      (one.startsWith('D') ? folders : files).push(one.slice(1));
    }
    if (inode === undefined || name === undefined || one === undefined) return false;
    if (fields.next() !== '') return false;
    onFolder({ name, inode, inodeAt, files, folders });
  }
  return true;
}

/** Texts that each end with a 0, one after the other: a list of all would take more than the file. */
class Fields {
  readonly #text: string;
  #position: number;

  constructor(text: string, position: number) {
    this.#text = text;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  get isAtEnd(): boolean {
    return this.#position === this.#text.length;
  }

  /** Undefined where no 0 is left. */
  next(): string | undefined {
    const end = this.#text.indexOf('\0', this.#position);
    if (end < 0) return undefined;
    const field = this.#text.slice(this.#position, end);
    this.#position = end + 1;
    return field;
  }
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
