import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  type Dirent,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { Failure, systemCodeOf } from '../system/failure.ts';
import { isLeftOut } from './left-out.ts';

/** What was found in a tree: regular files, and their bytes. */
export interface TreeContent {
  readonly files: number;
  readonly bytes: number;
}

/** What is copied where; of values only, so that it can be sent to a worker. */
export interface WalkSettings {
  readonly source: string;
  /** Made by the copy. */
  readonly target: string;
  /** A tree with which files that are the same are shared, as hard links. */
  readonly linkTo: string | undefined;
  /** What makes a file the same, beside size and rights: its time, or every byte. */
  readonly sameness: 'time' | 'content';
  /** `live`: what is no blob is left out, and links are followed, as by the recipe without rsync. */
  readonly of: 'live' | 'backup';
}

/** Files between two looks at whether somebody wants to stop. */
export const YIELD_EVERY = 500;

/** Directories of one directory that are still to be copied; of values only, too. */
export interface Branch {
  /** Of the directory that they are in, below the roots; empty, or beginning with a slash. */
  readonly path: string;
  readonly names: readonly string[];
  /** Of the directories themselves; 0: directly in the root. */
  readonly depth: number;
  /** Whether the other tree has the directory that they are in. */
  readonly linkable: boolean;
  /** Which directories lead to them, as device and inode. */
  readonly above: readonly string[];
}

/** A directory that has been made, with its files. */
export interface OpenedDirectory {
  readonly branch: Branch;
  /** Gives it its mode, owner and times: when all that belongs into it is there. */
  readonly finish: () => void;
}

interface Place extends Omit<Branch, 'names'> {}

/** Copies parts of a tree, with synchronous calls. */
export class TreeWalk {
  readonly #settings: WalkSettings;
  readonly #isRoot = process.getuid?.() === 0;
  readonly #counts = { files: 0, bytes: 0 };
  readonly #comparison = new ContentComparison();
  /** What a new directory gets without being asked; a folder may give its group to what is in it. */
  #made: Stats | undefined;
  #entries = 0;
  /** Off as soon as the file system refuses one for what it is. */
  #canLink = true;

  constructor(settings: WalkSettings) {
    this.#settings = settings;
  }

  get content(): TreeContent {
    return { ...this.#counts };
  }

  /** Entries that it has gone through. */
  get entries(): number {
    return this.#entries;
  }

  /** Begins with the root; yields now and then, as all that walks does. */
  *root(): Generator<void, OpenedDirectory> {
    const { source, linkTo } = this.#settings;
    const linkable = linkTo !== undefined;
    const opened = yield* this.#open({ path: '', depth: 0, linkable, above: [] });
    if (opened !== undefined) return opened;
    throw isMissing(source);
  }

  /** Makes a directory of a branch, and copies its files; undefined where the site removed it. */
  *open(
    { path, depth, linkable, above }: Branch,
    name: string,
  ): Generator<void, OpenedDirectory | undefined> {
    return yield* this.#open({ path: `${path}/${name}`, depth: depth + 1, linkable, above });
  }

  /** Copies the directories of a branch with all that is in them. */
  *copy(branch: Branch): Generator<void> {
    for (const name of branch.names) {
      const opened = yield* this.open(branch, name);
      if (opened === undefined) continue;
      if (opened.branch.names.length > 0) yield* this.copy(opened.branch);
      opened.finish();
    }
  }

  *#open(place: Place): Generator<void, OpenedDirectory | undefined> {
    const { path, depth } = place;
    const source = this.#settings.source + path;
    const target = this.#settings.target + path;
    const status = this.#statusOfSource(source);
    const entries = this.#present(() => readdirSync(source, { withFileTypes: true }));
    if (status === undefined || entries === undefined) {
      if (this.#settings.of === 'live') return undefined;
      throw isMissing(source);
    }
    const above = lengthen(place.above, { source, status });
    this.#makeDirectory(target);
    const linkable = place.linkable && this.#otherHas(path);
    const names: string[] = [];
    for (const entry of entries) {
      const { name } = entry;
      if (this.#settings.of === 'live' && isLeftOut(name, depth)) continue;
      refuseUnreadableName(source, name);
      const below = `${path}/${name}`;
      if (this.#isDirectory(entry, below)) names.push(name);
      else this.#entry(entry, { path: below, linkable });
      this.#entries += 1;
      if (this.#entries % YIELD_EVERY === 0) yield;
    }
    return {
      branch: { path, names, depth, linkable, above },
      finish: () => this.#dressDirectory(target, status),
    };
  }

  #makeDirectory(target: string): void {
    mkdirSync(target, { mode: 0o700 });
    this.#made ??= lstatSync(target);
  }

  #isDirectory(entry: Dirent, path: string): boolean {
    if (!entry.isSymbolicLink() || this.#settings.of === 'backup') return entry.isDirectory();
    return this.#statusOfSource(this.#settings.source + path)?.isDirectory() === true;
  }

  /** Failure `not-found` for a link that leads nowhere. */
  #statusOfSource(source: string): Stats | undefined {
    const status = statusOf(source);
    if (this.#settings.of === 'backup' || status?.isSymbolicLink() !== true) return status;
    const followed = statSync(source, { throwIfNoEntry: false });
    if (followed !== undefined) return followed;
    throw new Failure('not-found', `Cannot copy "${source}": the link leads nowhere`, {
      hint: 'Mount the disk that it leads to, or remove the link.',
    });
  }

  #otherHas(path: string): boolean {
    return statusOf(`${this.#settings.linkTo}${path}`)?.isDirectory() === true;
  }

  #entry(entry: Dirent, { path, linkable }: { readonly path: string; readonly linkable: boolean }) {
    const source = this.#settings.source + path;
    const target = this.#settings.target + path;
    const status = this.#statusOfSource(source);
    if (status === undefined) return void this.#present(() => lstatSync(source));
    if (status.isFile()) {
      if (linkable && this.#link(path, status)) {
        this.#count(status);
        return;
      }
      const copied = this.#present(() => {
        copyFileSync(source, target, constants.COPYFILE_EXCL);
        return true;
      });
      if (copied === undefined) return;
      this.#dressCopy(target, status);
      this.#count(status);
    } else if (status.isSymbolicLink()) {
      symlinkSync(readlinkSync(source), target);
      if (this.#isRoot) lchownSync(target, status.uid, status.gid);
      lutimesSync(target, settable(status.atimeMs), settable(status.mtimeMs));
    } else {
      throw new Failure('damaged', `Cannot copy "${source}": it is no file and no folder`, {
        hint: `A blob directory holds neither pipes nor devices; move "${entry.name}" away.`,
      });
    }
  }

  #link(path: string, status: Stats): boolean {
    if (!this.#canLink) return false;
    const other = `${this.#settings.linkTo}${path}`;
    const there = statusOf(other);
    if (there === undefined || !this.#hasSameRights(status, there)) return false;
    // A time that was copied through a double is off by less than a microsecond.
    const isSame =
      this.#settings.sameness === 'time'
        ? Math.abs(status.mtimeMs - there.mtimeMs) < 0.01
        : this.#comparison.areSame(this.#settings.source + path, other);
    if (!isSame) return false;
    try {
      linkSync(other, this.#settings.target + path);
      return true;
    } catch (error) {
      const code = systemCodeOf(error) ?? '';
      if (code === 'EMLINK') return false; // This file has all the links that it can have.
      if (!['EXDEV', 'EPERM', 'ENOTSUP'].includes(code)) throw error;
      this.#canLink = false;
      return false;
    }
  }

  #hasSameRights(a: Stats, b: Stats): boolean {
    if (!b.isFile() || a.size !== b.size || a.mode !== b.mode) return false;
    return !this.#isRoot || (a.uid === b.uid && a.gid === b.gid);
  }

  /** The result, or undefined where a live site removed the file. */
  #present<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT' && this.#settings.of === 'live') return undefined;
      throw error;
    }
  }

  #count({ size }: Stats): void {
    this.#counts.files += 1;
    this.#counts.bytes += size;
  }

  /** The system copies the mode of a file itself. Owner before mode: a change of it takes bits away. */
  #dressCopy(path: string, status: Stats): void {
    if (this.#own(path, status) === 'changed') chmodSync(path, status.mode & ALL_RIGHTS);
    setTimes(path, status);
  }

  #dressDirectory(path: string, status: Stats): void {
    const isRight = this.#own(path, status) === 'kept' && this.#made?.mode === status.mode;
    if (!isRight) chmodSync(path, status.mode & ALL_RIGHTS);
    setTimes(path, status);
  }

  #own(path: string, { uid, gid }: Stats): 'kept' | 'changed' {
    if (!this.#isRoot || (uid === this.#made?.uid && gid === this.#made.gid)) return 'kept';
    lchownSync(path, uid, gid);
    return 'changed';
  }
}

const ALL_RIGHTS = 0o7777;

function setTimes(path: string, { atimeMs, mtimeMs }: Stats): void {
  utimesSync(path, settable(atimeMs), settable(mtimeMs));
}

/**
 * Seconds that Node sets as the microsecond that it was asked for, so that times don't drift from copy
 * to copy: it cuts off what a double has behind the microseconds, which may be nearly a whole one.
 */
function settable(milliseconds: number): number {
  return (Math.round(milliseconds * 1000) + 0.25) / 1e6;
}

/** Failure `damaged` for a directory that is one of those that lead to it. */
function lengthen(
  above: readonly string[],
  { source, status }: { readonly source: string; readonly status: Stats },
): readonly string[] {
  const key = `${status.dev} ${status.ino}`;
  if (!above.includes(key)) return [...above, key];
  throw new Failure('damaged', `Cannot copy "${source}": the link leads to a folder above it`, {
    hint: 'Remove the link; no blob directory has one like it.',
  });
}

function isMissing(source: string): Failure {
  return new Failure('not-found', `Cannot copy "${source}": it is not there`, {
    hint: 'Name the blob directory; mount the disk that it is on.',
  });
}

const COMPARED_BYTES = 1 << 16;

/** Compares files; its memory is used again for each of them. */
class ContentComparison {
  readonly #a = Buffer.allocUnsafeSlow(COMPARED_BYTES);
  readonly #b = Buffer.allocUnsafeSlow(COMPARED_BYTES);

  /** Both have the same size. */
  areSame(path: string, other: string): boolean {
    const one = openSync(path, 'r');
    try {
      const two = openSync(other, 'r');
      try {
        return this.#haveSameRest(one, two);
      } finally {
        closeSync(two);
      }
    } finally {
      closeSync(one);
    }
  }

  #haveSameRest(one: number, two: number): boolean {
    for (;;) {
      const length = readSync(one, this.#a);
      if (readSync(two, this.#b) !== length) return false;
      if (length === 0) return true;
      if (this.#a.compare(this.#b, 0, length, 0, length) !== 0) return false;
    }
  }
}

function statusOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** A name that isn't UTF-8 can't be opened again by it: it would pass for a file that vanished. */
function refuseUnreadableName(folder: string, name: string): void {
  if (!name.includes('\uFFFD')) return;
  throw new Failure('damaged', `Cannot copy "${folder}": a name in it is not UTF-8`, {
    hint: 'Blobs have no such names. Rename the file, or use rsync (use_rsync = true).',
  });
}
