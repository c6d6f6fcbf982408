import type { TreeEntry, TreeReader } from '../../stores/tree-reader.ts';
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

/** Counts the files of a tree, in small steps. Failures: those of the system. */
export async function countTree(tree: TreeReader, signal: AbortSignal): Promise<CountedTree> {
  const counting = new Counting();
  for await (const entries of tree.walk()) {
    for (const entry of entries) counting.count(entry);
    await giveWay(signal);
  }
  return counting;
}

/** Counts each tree that is asked for once. */
export type TreeCounter = (tree: TreeReader) => Promise<CountedTree>;

export function treeCounter(signal: AbortSignal): TreeCounter {
  const counted = new Map<string, Promise<CountedTree>>();
  return (tree) => {
    const counting = counted.get(tree.name) ?? countTree(tree, signal);
    counted.set(tree.name, counting);
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

class Counting implements CountedTree {
  readonly content = { files: 0, bytes: 0 };
  readonly uncommitted = { files: 0, bytes: 0, paths: [] as string[] };
  readonly links: string[] = [];
  readonly special: string[] = [];
  readonly withSetBits: string[] = [];

  count(entry: TreeEntry): void {
    switch (entry.kind) {
      case 'folder':
        return;
      case 'link':
        this.links.push(entry.path);
        return;
      case 'special':
        this.special.push(entry.path);
        return;
      case 'file': {
        const { path, sizeBytes, mode } = entry;
        const isBlob = !isUncommitted(path);
        const total = isBlob ? this.content : this.uncommitted;
        if (!isBlob) this.uncommitted.paths.push(path);
        total.files += 1;
        total.bytes += sizeBytes;
        if ((mode & SET_BITS) !== 0) this.withSetBits.push(path);
        return;
      }
      default:
        entry satisfies never;
    }
  }
}

/** Whether a copy has as many files and bytes as were recorded. */
export async function hasContent(
  tree: TreeReader,
  { expected, signal }: { readonly expected: TreeContent; readonly signal: AbortSignal },
): Promise<boolean> {
  if (!(await tree.isThere())) return false;
  return hasAsMany(await countTree(tree, signal), expected);
}
