import { createHash } from 'node:crypto';
import { readSums } from '../../../blobs/checksums/checksums-file.ts';
import type { BlobEntry } from '../../../blobs/layout/catalogue.ts';
import { treeIn } from '../../../blobs/layout/tree-in.ts';
import { blobPath } from '../../../filestorage/blob-layout.ts';
import type { Oid } from '../../../filestorage/oid.ts';
import type { Tid } from '../../../filestorage/tid.ts';
import type { Stamp } from '../../../repository/layout/stamp.ts';
import { folderTree } from '../../../stores/folder-tree.ts';
import type { TreeReader } from '../../../stores/tree-reader.ts';
import { Failure } from '../../../system/failure.ts';
import type { BlobRestorePlan } from '../blob-restore-plan.ts';

/** A directory that may have blobs which a restored one lacks. */
export interface BlobSource {
  readonly kind: 'copy' | 'live';
  readonly tree: TreeReader;
  /** The sha256 that is recorded of a file; undefined where none is. */
  readonly sumOf: (path: string) => string | undefined;
}

/** A file in one of them. */
export interface FoundBlob {
  readonly source: BlobSource;
  readonly path: string;
}

/**
 * Where blobs of a moment are looked for: in the other copies, first those that were made with the chain of the moment,
 * the newest of each first; last in the live directory.
 *
 * @param stamps - of the backups of the chain
 */
export async function* blobSources(
  { choice, catalogue, target }: BlobRestorePlan,
  stamps: ReadonlySet<Stamp>,
): AsyncGenerator<BlobSource> {
  const { store, entries } = catalogue;
  const others = entries.filter((one) => one.form === 'directory' && one !== choice.entry);
  const ofChain = others.filter(({ stamp }) => stamps.has(stamp));
  for (const entry of new Set([...ofChain, ...others])) {
    const tree = await treeIn(entry, store).catch(unlessDamaged);
    if (tree !== undefined) yield { kind: 'copy', tree, sumOf: await sumsOf(entry) };
  }
  const live = folderTree(target);
  if (await live.isThere()) yield { kind: 'live', tree: live, sumOf: () => undefined };

  async function sumsOf(entry: BlobEntry): Promise<BlobSource['sumOf']> {
    const found = await readSums(store.tree(entry.name), entry.record);
    return found.kind === 'found' ? (path) => found.sums.find(path) : () => undefined;
  }
}

/** The blob of a record in a directory of either layout; undefined where it isn't. */
export async function findBlobIn(
  source: BlobSource,
  revision: { readonly oid: Oid; readonly tid: Tid },
): Promise<FoundBlob | undefined> {
  const paths = [blobPath('bushy', revision), blobPath('lawn', revision)];
  const sizes = await source.tree.sizesOf(paths);
  const path = paths.find((_, index) => sizes[index] !== undefined);
  return path === undefined ? undefined : { source, path };
}

/** The bytes of a blob. Failure `damaged` at their end, where they are not those that were backed up. */
export async function* readBlobOf({ source, path }: FoundBlob): AsyncGenerator<Uint8Array> {
  const expected = source.sumOf(path);
  const hash = createHash('sha256');
  for await (const chunk of source.tree.read(path)) {
    hash.update(chunk);
    yield chunk;
  }
  if (expected === undefined || hash.digest('hex') === expected) return;
  throw new Failure(
    'damaged',
    `Cannot use "${source.tree.nameOf(path)}": it is not what was backed up`,
    {
      hint: 'Look at the disk, and at the backup.',
    },
  );
}

/** What can't be used has no blob; another copy may have it. */
function unlessDamaged(error: unknown): undefined {
  if (!(error instanceof Failure)) throw error;
}
