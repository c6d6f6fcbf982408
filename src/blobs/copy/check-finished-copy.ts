import { type BigIntStats, type Dirent, lstatSync, readdirSync } from 'node:fs';
import { isNowhere } from '../../system/absent.ts';
import { withSystemErrors } from '../../system/failure.ts';
import { cooperatively } from '../../system/streams/cooperative.ts';
import { type BlobSums, SumDraft } from '../checksums/checksums.ts';
import { isExcluded } from '../layout/exclusions.ts';
import type { TreeContent } from './copy-tree.ts';
import { refuseUnreadableName } from './unreadable-name.ts';

/** What another program has copied, as it was found. */
export interface FinishedCopy {
  readonly content: TreeContent;
  /** Links in it, as paths below it. */
  readonly links: readonly string[];
  /** Pipes, sockets and devices of the live directory, as paths below it. */
  readonly special: readonly string[];
  /** Sums of what is shared with the copy before, of which they are known: pieces of a {@link SumDraft}. */
  readonly shared: readonly Uint8Array[];
  /** Paths below it of its other files. */
  readonly unread: readonly string[];
  readonly unreadBytes: number;
  /** Paths of live files that it lacks, or has with another size, and that were there before it began. */
  readonly lacking: readonly string[];
}

/** What a copy is held against. */
interface Beside {
  /** What was copied. */
  readonly live: string;
  /** When that began, in milliseconds. */
  readonly since: number;
  /** The copy before. */
  readonly before: { readonly tree: string; readonly sums: BlobSums | undefined } | undefined;
}

/** Goes once through a copy that another program made of a live blob directory. */
export async function lookAtCopy(
  root: string,
  { signal, ...beside }: Beside & { readonly signal: AbortSignal },
): Promise<FinishedCopy> {
  return withSystemErrors(`look at the files in "${root}"`, () =>
    cooperatively(new Look(root, beside).all(), signal),
  );
}

/** By so much, the time of a file may be behind the clock: the kernel counts it in ticks. */
const TICK_MS = 20;

interface Directory {
  /** Below the roots; empty, or ending with a slash. */
  readonly path: string;
  /** Of what is in it. */
  readonly depth: number;
  /** Whether the copy has it. */
  readonly isCopied: boolean;
}

class Look {
  readonly #root: string;
  readonly #beside: Beside;
  #files = 0;
  #bytes = 0;
  readonly #links: string[] = [];
  readonly #special: string[] = [];
  readonly #shared = new SumDraft();
  readonly #unread: string[] = [];
  #unreadBytes = 0;
  readonly #lacking: string[] = [];
  readonly #waiting: Directory[] = [{ path: '', depth: 0, isCopied: true }];

  constructor(root: string, beside: Beside) {
    this.#root = root;
    this.#beside = beside;
  }

  *all(): Generator<void, FinishedCopy> {
    for (let place = this.#waiting.pop(); place !== undefined; place = this.#waiting.pop()) {
      this.#look(place);
      yield;
    }
    return {
      content: { files: this.#files, bytes: this.#bytes },
      links: this.#links.sort(),
      special: this.#special.sort(),
      shared: this.#shared.pieces,
      unread: this.#unread,
      unreadBytes: this.#unreadBytes,
      lacking: this.#lacking,
    };
  }

  #look({ path, depth, isCopied }: Directory): void {
    const copied = new Map<string, Dirent>();
    const entries = isCopied ? readdirSync(`${this.#root}/${path}`, { withFileTypes: true }) : [];
    for (const entry of entries) {
      refuseUnreadableName(`${this.#beside.live}/${path}`, entry.name);
      copied.set(entry.name, entry);
      const below = `${path}${entry.name}`;
      if (entry.isDirectory()) this.#waiting.push(placeOf(below, { depth, isCopied }));
      if (entry.isSymbolicLink()) this.#links.push(below);
      if (entry.isFile()) this.#take(below);
    }
    for (const entry of liveEntries(`${this.#beside.live}/${path}`)) {
      const { name } = entry;
      if (copied.has(name) || isExcluded(name, depth)) continue;
      const below = `${path}${name}`;
      if (entry.isDirectory()) this.#waiting.push(placeOf(below, { depth, isCopied: false }));
      if (entry.isFile() && this.#wasThere(below)) this.#lacking.push(below);
      if (isSpecial(entry)) this.#special.push(below);
    }
  }

  #take(path: string): void {
    const status = lstatSync(`${this.#root}/${path}`, { bigint: true });
    const sizeBytes = Number(status.size);
    this.#files += 1;
    this.#bytes += sizeBytes;
    const { before } = this.#beside;
    const sha256 = before?.sums?.find(path);
    if (sha256 !== undefined && isSame(status, statusOf(`${before?.tree}/${path}`))) {
      this.#shared.add({ path, sha256 });
      return;
    }
    this.#unread.push(path);
    this.#unreadBytes += sizeBytes;
    // What is shared was of the size of the live file, by the words of the program itself.
    const live = statusOf(`${this.#beside.live}/${path}`);
    if (live?.isFile() && live.size !== status.size && this.#wasThere(path)) {
      this.#lacking.push(path);
    }
  }

  /** A server gives a file its name when it is complete, and that is a change of it. */
  #wasThere(path: string): boolean {
    const live = statusOf(`${this.#beside.live}/${path}`);
    return live !== undefined && Number(live.ctimeMs) < this.#beside.since - TICK_MS;
  }
}

/** A pipe, a socket or a device: rsync leaves them out. */
function isSpecial(entry: Dirent): boolean {
  return !entry.isFile() && !entry.isDirectory() && !entry.isSymbolicLink();
}

function placeOf(
  path: string,
  { depth, isCopied }: { readonly depth: number; readonly isCopied: boolean },
): Directory {
  return { path: `${path}/`, depth: depth + 1, isCopied };
}

/** A live site may have removed the directory. */
function liveEntries(path: string): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (isNowhere(error)) return [];
    throw error;
  }
}

function statusOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    if (isNowhere(error)) return undefined;
    throw error;
  }
}

function isSame(one: BigIntStats, other: BigIntStats | undefined): boolean {
  return one.ino === other?.ino && one.dev === other.dev;
}
