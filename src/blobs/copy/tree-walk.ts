import {
  type Dirent,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  type Stats,
  statSync,
  symlinkSync,
} from 'node:fs';
import { isAbsent } from '../../system/absent.ts';
import { adoptSystemError, Failure, pathOf, systemCodeOf } from '../../system/failure.ts';
import { UNWATCHED, type WorkProgress } from '../../system/streams/progress.ts';
import { FileHasher, PIECE_BYTES } from '../checksums/file-hasher.ts';
import { isExcluded } from '../layout/exclusions.ts';
import { isUncommitted } from '../layout/uncommitted.ts';
import {
  copyFolderAttributes,
  copyLinkAttributes,
  haveSameRights,
  SET_BITS,
} from './file-attributes.ts';
import { FileCopier } from './file-copier.ts';
import { haveSameTime } from './same-time.ts';
import { refuseUnreadableName } from './unreadable-name.ts';
import { type SummedFiles, type SumWork, WalkSums } from './walk-sums.ts';

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
  /**
   * - `live`: what is no blob is left out, and links are followed, as by the recipe without rsync.
   * - `backup`: uncommitted blobs are left out, which older copies hold.
   */
  readonly of: 'live' | 'backup';
  readonly sums: SumWork;
}

/** What a walk has done; of values only, too. */
export interface WalkResult extends SummedFiles {
  readonly content: TreeContent;
  /** Paths below the tree of pipes, sockets and devices: they are left out. */
  readonly special: readonly string[];
  /** Paths below the tree of links, which are copied as links. */
  readonly links: readonly string[];
  /** Paths below the tree of files that would run as their owner or their group; what is copied doesn't. */
  readonly withSetBits: readonly string[];
  /** How many names the tree has that are no blobs. */
  readonly leftOut: number;
}

/** Entries between two moments for other work: a millisecond or two. */
const YIELD_EVERY = 32;

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

interface Directory extends Omit<Branch, 'names'> {}

/** Copies parts of a tree, with synchronous calls. */
export class TreeWalk {
  readonly #settings: WalkSettings;
  readonly #hasher = new FileHasher();
  readonly #copier = new FileCopier(this.#hasher);
  readonly #sums: WalkSums;
  #found = nothingFound();
  readonly #progress: WorkProgress;
  /** Bytes of which the progress has not been told yet. */
  #untold = 0;
  /** The file that it is at, and how many bytes of it are done, if it is a large one. */
  #at = '';
  #piecesBytes = 0;
  /** What a new directory gets without being asked; a folder may give its group to what is in it. */
  #made: Stats | undefined;
  #entries = 0;
  /** Off as soon as the file system refuses one for what it is. */
  #canLink = true;

  constructor(settings: WalkSettings, progress: WorkProgress = UNWATCHED) {
    this.#settings = settings;
    this.#progress = progress;
    this.#sums = new WalkSums(settings.sums);
  }

  /** What it has done since it was last asked. */
  takeResult(): WalkResult {
    const found = this.#found;
    this.#found = nothingFound();
    return { ...found, ...this.#sums.take() };
  }

  readonly #onPiece = (bytes: number): void => {
    if (this.#piecesBytes === 0) this.#progress.onFile(this.#at);
    this.#piecesBytes += bytes;
    this.#untold += bytes;
    this.tell();
  };

  /** Tells what is done by now; it does so itself now and then. */
  tell(): void {
    if (this.#untold > 0) this.#progress.onBytes(this.#untold);
    this.#untold = 0;
  }

  /** Entries that it has gone through. */
  get entries(): number {
    return this.#entries;
  }

  /** Begins with the root; yields now and then, as all that walks does. */
  *root(): Generator<void, OpenedDirectory> {
    const { source, linkTo } = this.#settings;
    const linkable = linkTo !== undefined;
    const place = { path: '', depth: 0, linkable, above: [] };
    const opened = yield* this.#naming(this.#open(place));
    if (opened !== undefined) return opened;
    throw isMissing(source);
  }

  /** Makes a directory of a branch, and copies its files; undefined where the site removed it. */
  *open(
    { path, depth, linkable, above }: Branch,
    name: string,
  ): Generator<void, OpenedDirectory | undefined> {
    const place = { path: `${path}/${name}`, depth: depth + 1, linkable, above };
    return yield* this.#naming(this.#open(place));
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

  /** An error of the system names the file that it is about, not the whole tree. */
  *#naming<T>(work: Generator<void, T>): Generator<void, T> {
    try {
      return yield* work;
    } catch (error) {
      const path = pathOf(error);
      if (path === undefined) throw error;
      const isOurs = path.startsWith(this.#settings.target);
      throw adoptSystemError(error, `${isOurs ? 'write' : 'copy'} "${path}"`);
    }
  }

  *#open(place: Directory): Generator<void, OpenedDirectory | undefined> {
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
    const made = this.#makeDirectory(target);
    const linkable = place.linkable && this.#otherHas(path);
    const names: string[] = [];
    for (const entry of entries) {
      const { name } = entry;
      if (this.#leavesOut(name, depth)) {
        this.#found.leftOut += 1;
        continue;
      }
      refuseUnreadableName(source, name);
      const below = `${path}/${name}`;
      if (this.#isDirectory(entry, below)) names.push(name);
      else yield* this.#entry(below, linkable);
      this.#entries += 1;
      if (this.#entries % YIELD_EVERY !== 0 && this.#untold < PIECE_BYTES) continue;
      this.#progress.onFile(this.#settings.source + below);
      this.tell();
      yield;
    }
    return {
      branch: { path, names, depth, linkable, above },
      finish: () => copyFolderAttributes(target, { status, made }),
    };
  }

  #leavesOut(name: string, depth: number): boolean {
    return this.#settings.of === 'live' ? isExcluded(name, depth) : isUncommitted(name);
  }

  #makeDirectory(target: string): Stats {
    mkdirSync(target, { mode: 0o700 });
    this.#made ??= lstatSync(target);
    return this.#made;
  }

  #isDirectory(entry: Dirent, path: string): boolean {
    if (!entry.isSymbolicLink() || this.#settings.of === 'backup') return entry.isDirectory();
    return this.#statusOfSource(this.#settings.source + path)?.isDirectory() === true;
  }

  /** Failure `not-found` for a link that leads nowhere. */
  #statusOfSource(source: string): Stats | undefined {
    const status = statusOf(source);
    if (status === undefined) return undefined;
    if (this.#settings.of === 'backup' || !status.isSymbolicLink()) return status;
    const followed = statSync(source, { throwIfNoEntry: false });
    if (followed !== undefined) return followed;
    throw new Failure('not-found', `Cannot copy "${source}": the link leads nowhere`, {
      hint: 'Mount the disk that it leads to, or remove the link.',
    });
  }

  #otherHas(path: string): boolean {
    return statusOf(`${this.#settings.linkTo}${path}`)?.isDirectory() === true;
  }

  *#entry(path: string, linkable: boolean): Generator<void> {
    const source = this.#settings.source + path;
    const target = this.#settings.target + path;
    this.#at = source;
    this.#piecesBytes = 0;
    const status = this.#statusOfSource(source);
    if (status === undefined) return void this.#present(() => lstatSync(source));
    if (status.isFile()) {
      if ((status.mode & SET_BITS) !== 0) this.#found.withSetBits.push(path.slice(1));
      status.mode &= ~SET_BITS; // No blob has them, and no copy gets them.
      const linked = linkable ? yield* this.#link(path, status) : undefined;
      if (linked !== undefined) {
        this.#noteSum(path, linked, 'shared');
        this.#count(status);
        return;
      }
      const copied = yield* this.#copyIfThere(path, status);
      if (copied === undefined) return;
      this.#noteSum(path, copied, 'fresh');
      this.#count(status);
    } else if (status.isSymbolicLink()) {
      this.#found.links.push(path.slice(1));
      symlinkSync(readlinkSync(source), target);
      copyLinkAttributes(target, status);
    } else {
      this.#found.special.push(path.slice(1));
    }
  }

  /** Undefined where a live site removed the file. */
  *#copyIfThere(path: string, status: Stats): Generator<void, KnownFile | undefined> {
    try {
      return yield* this.#copyFile(path, status);
    } catch (error) {
      if (this.#hasVanished(error)) return undefined;
      throw error;
    }
  }

  *#copyFile(path: string, status: Stats): Generator<void, KnownFile> {
    const source = this.#settings.source + path;
    const target = this.#settings.target + path;
    const copy = { source, status, target, isSumWanted: this.#sums.wants(path) };
    return { sha256: yield* this.#copier.copy(copy, this.#onPiece) };
  }

  /** Shares a file of the other tree, if it is the same; undefined where it isn't. */
  *#link(path: string, status: Stats): Generator<void, KnownFile | undefined> {
    if (!this.#canLink) return undefined;
    const other = `${this.#settings.linkTo}${path}`;
    const there = statusOf(other);
    if (there?.isFile() !== true || status.size !== there.size) return undefined;
    if (!haveSameRights(status, there)) return undefined;
    const same = yield* this.#compare(path, { status, there });
    if (same === undefined) return undefined;
    try {
      linkSync(other, this.#settings.target + path);
      return same;
    } catch (error) {
      const code = systemCodeOf(error) ?? '';
      if (code === 'EMLINK') return undefined; // This file has all the links that it can have.
      if (!['EXDEV', 'EPERM', 'ENOTSUP'].includes(code)) throw error;
      this.#canLink = false;
      return undefined;
    }
  }

  *#compare(
    path: string,
    { status, there }: { readonly status: Stats; readonly there: Stats },
  ): Generator<void, KnownFile | undefined> {
    const { sameness, source, linkTo } = this.#settings;
    const hasSameTime = haveSameTime(status, there);
    if (sameness === 'time') {
      if (!hasSameTime) return undefined;
      if (!this.#sums.wants(path)) return { sha256: undefined };
      const known = this.#sums.knownOfShared(path);
      if (known !== undefined) return { sha256: known };
    }
    const both = { other: `${linkTo}${path}`, onPiece: this.#onPiece };
    const sha256 = yield* this.#hasher.hashOfBoth(source + path, both);
    if (sha256 !== undefined) return { sha256 };
    if (hasSameTime) this.#sums.noteOtherBytes(path);
    return undefined;
  }

  /** Of a file that is there now. */
  #noteSum(path: string, { sha256 }: KnownFile, how: 'shared' | 'fresh'): void {
    if (sha256 !== undefined) this.#sums.noteSum(path, { sha256, how });
  }

  /** The result, or undefined where a live site removed the file. */
  #present<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (this.#hasVanished(error)) return undefined;
      throw error;
    }
  }

  #hasVanished(error: unknown): boolean {
    return isAbsent(error) && this.#settings.of === 'live';
  }

  #count({ size }: Stats): void {
    this.#found.content.files += 1;
    this.#found.content.bytes += size;
    this.#untold += size - this.#piecesBytes;
  }
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
  return new Failure('not-found', `Cannot copy "${source}": it does not exist`, {
    hint: 'Name the blob directory; mount the disk that it is on.',
  });
}

/** A file of the new tree, with its sum where one was wanted. */
interface KnownFile {
  readonly sha256: string | undefined;
}

/** All that a walk finds but checksums. */
function nothingFound() {
  const paths = (): string[] => [];
  return {
    content: { files: 0, bytes: 0 },
    ...{ special: paths(), links: paths(), withSetBits: paths(), leftOut: 0 },
  };
}

function statusOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
