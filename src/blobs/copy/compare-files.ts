import type { TreeReader } from '../../stores/tree-reader.ts';
import { type ComparedTree, compareTree } from '../checksums/tree-checksums.ts';
import { compareStoredTree, type TreeReading } from './fetch-tree.ts';

/**
 * Reads every file of a tree that has a sum, wherever the tree is, and compares: in worker threads where it is a folder.
 * Failures: those of the system and of the store.
 */
export function compareFiles(
  tree: TreeReader,
  reading: TreeReading & { readonly sums: NonNullable<TreeReading['sums']> },
): Promise<ComparedTree> {
  const { localFolder } = tree;
  return localFolder === undefined
    ? compareStoredTree(tree, reading)
    : compareTree(localFolder, reading);
}
