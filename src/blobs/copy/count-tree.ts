import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { adopting } from '../../system/failure.ts';
import { giveWay } from '../../system/streams/cooperative.ts';
import { isUncommitted } from '../layout/uncommitted.ts';
import type { TreeContent } from './copy-tree.ts';
import { SET_BITS } from './file-attributes.ts';

/** What is in a tree. Paths are below it. */
export interface CountedTree {
  readonly content: TreeContent;
  /** Uncommitted blobs, which aren't in the content: older copies hold them. */
  readonly uncommitted: TreeContent & { readonly paths: readonly string[] };
  readonly links: readonly string[];
  /** Pipes, sockets and devices. */
  readonly special: readonly string[];
  /** Files that would run as their owner or their group. */
  readonly withSetBits: readonly string[];
}

/** Counts the files of a tree, in small portions. Failures: those of the system. */
export async function countTree(root: string, signal: AbortSignal): Promise<CountedTree> {
  return adopting(`count the files in "${root}"`, async () => {
    const counting = new Counting(root);
    while (counting.countFolder()) await giveWay(signal);
    return counting;
  });
}

/** Counts each tree that is asked for once. */
export type TreeCounter = (root: string) => Promise<CountedTree>;

export function treeCounter(signal: AbortSignal): TreeCounter {
  const counted = new Map<string, Promise<CountedTree>>();
  return (root) => {
    const counting = counted.get(root) ?? countTree(root, signal);
    counted.set(root, counting);
    return counting;
  };
}

/**
 * Whether a tree has the files and bytes that were counted when it was made. Older versions counted the
 * uncommitted blobs, too.
 */
export function hasAsMany(
  { content, uncommitted }: { readonly content: TreeContent; readonly uncommitted: TreeContent },
  expected: TreeContent,
): boolean {
  return isSame(content, expected) || isSame(sum(content, uncommitted), expected);
}

function isSame(one: TreeContent, other: TreeContent): boolean {
  return one.files === other.files && one.bytes === other.bytes;
}

function sum(one: TreeContent, other: TreeContent): TreeContent {
  return { files: one.files + other.files, bytes: one.bytes + other.bytes };
}

/** Archives may hold names that are no UTF-8: a character for each byte leads back to the name. */
const BYTEWISE = 'latin1';

class Counting implements CountedTree {
  readonly content = { files: 0, bytes: 0 };
  readonly uncommitted = { files: 0, bytes: 0, paths: [] as string[] };
  readonly links: string[] = [];
  readonly special: string[] = [];
  readonly withSetBits: string[] = [];
  readonly #root: string;
  readonly #waiting = [''];

  constructor(root: string) {
    this.#root = Buffer.from(root).toString(BYTEWISE);
  }

  /** Whether there was one left. */
  countFolder(): boolean {
    const folder = this.#waiting.pop();
    if (folder === undefined) return false;
    const path = this.#pathOf(folder);
    for (const entry of readdirSync(path, { withFileTypes: true, encoding: BYTEWISE })) {
      this.#count(entry, `${folder}/${entry.name}`);
    }
    return true;
  }

  #pathOf(below: string): Buffer {
    return Buffer.from(this.#root + below, BYTEWISE);
  }

  #count(entry: Dirent, path: string): void {
    const below = Buffer.from(path.slice(1), BYTEWISE).toString();
    if (entry.isDirectory()) this.#waiting.push(path);
    else if (entry.isSymbolicLink()) this.links.push(below);
    else if (!entry.isFile()) this.special.push(below);
    else {
      const { size, mode } = lstatSync(this.#pathOf(path));
      const isBlob = !isUncommitted(entry.name);
      const total = isBlob ? this.content : this.uncommitted;
      if (!isBlob) this.uncommitted.paths.push(below);
      total.files += 1;
      total.bytes += size;
      if ((mode & SET_BITS) !== 0) this.withSetBits.push(below);
    }
  }
}

/** Whether a folder is there. */
export async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

/** Whether a copy has as many files and bytes as were recorded. */
export async function hasContent(
  tree: string,
  { expected, signal }: { readonly expected: TreeContent; readonly signal: AbortSignal },
): Promise<boolean> {
  if (!(await isDirectory(tree))) return false;
  return hasAsMany(await countTree(tree, signal), expected);
}
