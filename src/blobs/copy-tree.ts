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
import { adopting, Failure, systemCodeOf } from '../system/failure.ts';
import { isLeftOut } from './left-out.ts';

/** What was found in a tree: regular files, and their bytes. */
export interface TreeContent {
  readonly files: number;
  readonly bytes: number;
}

/** The same, and a link in it, as a path below the tree, where there is one. */
export interface CountedTree {
  readonly content: TreeContent;
  readonly link: string | undefined;
}

export interface CopySettings {
  readonly source: string;
  /** Made by the copy. */
  readonly target: string;
  /** A tree with which files that are the same are shared, as hard links. */
  readonly linkTo: string | undefined;
  /** What makes a file the same, beside size and rights: its time, or every byte. */
  readonly sameness: 'time' | 'content';
  /** `live`: what is no blob is left out, and links are followed, as by the recipe without rsync. */
  readonly of: 'live' | 'backup';
  readonly signal: AbortSignal;
}

/** Files between two looks at whether somebody wants to stop. */
const YIELD_EVERY = 500;

/**
 * Copies a tree: modes, times and, for root, owners as they are. A file of a live site that vanishes
 * meanwhile was removed by it: the copy is one of a moment later. In a backup, nothing may vanish.
 *
 * Synchronous calls, in small portions: for a hundred thousand small files, a call that goes through
 * the thread pool costs more than the call itself.
 *
 * Failures: those of the system; `damaged` for names and kinds of files that no blob directory has.
 */
export async function copyTree(settings: CopySettings): Promise<TreeContent> {
  return adopting(`copy "${settings.source}" to "${settings.target}"`, async () => {
    const walk = new Walk(settings);
    for (const _ of walk.directory({
      path: '',
      depth: 0,
      linkable: settings.linkTo !== undefined,
    })) {
      settings.signal.throwIfAborted();
      await new Promise(setImmediate);
    }
    return walk.content;
  });
}

interface Place {
  /** Below the roots; empty, or beginning with a slash. */
  readonly path: string;
  readonly depth: number;
  /** Whether the other tree has this directory. */
  readonly linkable: boolean;
}

class Walk {
  readonly #settings: CopySettings;
  readonly #isRoot = process.getuid?.() === 0;
  readonly #uid = process.getuid?.();
  readonly #gid = process.getgid?.();
  readonly #counts = { files: 0, bytes: 0 };
  /** The directories that lead to where the walk is. */
  readonly #above: string[] = [];
  #untilYield = YIELD_EVERY;
  /** Off as soon as the file system refuses one for what it is. */
  #canLink = true;

  constructor(settings: CopySettings) {
    this.#settings = settings;
  }

  get content(): TreeContent {
    return this.#counts;
  }

  /** Copies a directory; yields now and then. */
  *directory(place: Place): Generator<void> {
    const source = this.#settings.source + place.path;
    const target = this.#settings.target + place.path;
    const status = this.#statusOfSource(source);
    const entries = this.#present(() => readdirSync(source, { withFileTypes: true }));
    if (status === undefined || entries === undefined) {
      if (place.depth > 0 && this.#settings.of === 'live') return;
      throw new Failure('not-found', `Cannot copy "${source}": it is not there`, {
        hint: 'Name the blob directory; mount the disk that it is on.',
      });
    }
    this.#enter(source, status);
    mkdirSync(target, { mode: 0o700 });
    const linkable = place.linkable && this.#otherHas(place);
    for (const entry of entries) {
      if (this.#settings.of === 'live' && isLeftOut(entry.name, place.depth)) continue;
      refuseUnreadableName(source, entry.name);
      const path = `${place.path}/${entry.name}`;
      if (this.#isDirectory(entry, path)) {
        yield* this.directory({ path, depth: place.depth + 1, linkable });
      } else this.#entry(entry, { path, linkable });
      this.#untilYield -= 1;
      if (this.#untilYield > 0) continue;
      this.#untilYield = YIELD_EVERY;
      yield;
    }
    this.#above.pop();
    this.#dress(target, status);
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

  #enter(source: string, { dev, ino }: Stats): void {
    const key = `${dev} ${ino}`;
    if (this.#above.includes(key)) {
      throw new Failure('damaged', `Cannot copy "${source}": the link leads to a folder above it`, {
        hint: 'Remove the link; no blob directory has one like it.',
      });
    }
    this.#above.push(key);
  }

  #otherHas({ path }: Place): boolean {
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
      this.#dress(target, status);
      this.#count(status);
    } else if (status.isSymbolicLink()) {
      symlinkSync(readlinkSync(source), target);
      if (this.#isRoot) lchownSync(target, status.uid, status.gid);
      lutimesSync(target, status.atime, status.mtime);
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
        : haveSameContent(this.#settings.source + path, other);
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

  /** Owner before mode: a change of owner takes special bits away. */
  #dress(path: string, { uid, gid, mode, atimeMs, mtimeMs }: Stats): void {
    if (this.#isRoot && (uid !== this.#uid || gid !== this.#gid)) lchownSync(path, uid, gid);
    chmodSync(path, mode & 0o7777);
    utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
  }
}

const COMPARED_BYTES = 1 << 20;

/** Both have the same size. */
function haveSameContent(path: string, other: string): boolean {
  const [a, b] = [Buffer.alloc(COMPARED_BYTES), Buffer.alloc(COMPARED_BYTES)];
  const [one, two] = [openSync(path, 'r'), openSync(other, 'r')];
  try {
    for (;;) {
      const length = readSync(one, a);
      if (readSync(two, b) !== length) return false;
      if (length === 0) return true;
      if (a.compare(b, 0, length, 0, length) !== 0) return false;
    }
  } finally {
    closeSync(one);
    closeSync(two);
  }
}

/** Counts the files of a tree, in small portions. */
export async function countTree(root: string, signal: AbortSignal): Promise<CountedTree> {
  return adopting(`count the files in "${root}"`, async () => {
    const content = { files: 0, bytes: 0 };
    let link: string | undefined;
    const waiting = [root];
    let untilYield = YIELD_EVERY;
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = `${folder}/${entry.name}`;
        if (entry.isDirectory()) waiting.push(path);
        if (entry.isSymbolicLink()) link ??= path.slice(root.length + 1);
        if (!entry.isFile()) continue;
        content.files += 1;
        content.bytes += lstatSync(path).size;
      }
      untilYield -= 1;
      if (untilYield > 0) continue;
      untilYield = YIELD_EVERY;
      signal.throwIfAborted();
      await new Promise(setImmediate);
    }
    return { content, link };
  });
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
