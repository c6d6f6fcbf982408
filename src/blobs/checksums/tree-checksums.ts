import { lstatSync } from 'node:fs';
import { isNowhere } from '../../system/absent.ts';
import { systemCodeOf, withSystemErrors } from '../../system/failure.ts';
import { askWorkers, serveRequests, workerCount } from '../../system/processes/workers.ts';
import { atOnce, cooperatively } from '../../system/streams/cooperative.ts';
import type { WorkProgress } from '../../system/streams/progress.ts';
import { isUncommitted } from '../layout/uncommitted.ts';
import { type BlobSums, SumDraft } from './checksums.ts';
import { FileHasher } from './file-hasher.ts';
import { Likeness } from './likeness.ts';

/** Whether the files of a tree are those that they were. */
export interface ComparedTree {
  /** Paths below the tree, sorted: of files that have other bytes. */
  readonly differing: readonly string[];
  readonly missing: readonly string[];
}

type ReadFrom = 'anywhere' | 'disk';

/** Of values only, so that it can be sent to a worker. */
interface TreeToRead {
  readonly root: string;
  readonly from: ReadFrom;
  readonly like: string | undefined;
}

/** Paths that a worker is given at once. */
const BATCH = 128;

/**
 * Reads every file of a tree that has a sum, and compares. Failures: those of the system.
 *
 * @param from - `disk`: past what the kernel remembers of them; they must have been synced
 * @param like - a folder with a tree; what hasn't the rights and times of what it has there, counts as missing
 */
export async function compareTree(
  root: string,
  {
    sums,
    from = 'anywhere',
    like,
    signal,
    progress,
  }: {
    readonly sums: BlobSums;
    readonly from?: ReadFrom;
    readonly like?: string;
    readonly signal: AbortSignal;
    readonly progress: WorkProgress;
  },
): Promise<ComparedTree> {
  const differing: string[] = [];
  const missing: string[] = [];
  await hashFiles(
    { root, from, like },
    {
      paths: pathsOf(sums),
      signal,
      progress,
      onHash: (path, sha256) => {
        if (sha256 === undefined) missing.push(path);
        else if (sha256 !== sums.find(path)) differing.push(path);
      },
    },
  );
  return { differing: differing.sort(), missing: missing.sort() };
}

/** Without uncommitted blobs, of which older copies have sums. */
function* pathsOf(sums: BlobSums): Generator<string, undefined> {
  for (const { path } of sums) if (!isUncommitted(path)) yield path;
}

/** The sums of files of a tree, by their paths below it, as pieces of a {@link SumDraft}. */
export async function sumFiles(
  root: string,
  {
    paths,
    signal,
    progress,
  }: {
    readonly paths: readonly string[];
    readonly signal: AbortSignal;
    readonly progress: WorkProgress;
  },
): Promise<readonly Uint8Array[]> {
  const draft = new SumDraft();
  await hashFiles(
    { root, from: 'anywhere', like: undefined },
    {
      paths: paths[Symbol.iterator](),
      signal,
      progress,
      onHash: (path, sha256) => {
        if (sha256 !== undefined) draft.add({ path, sha256 });
      },
    },
  );
  return draft.pieces;
}

/** What workers are asked for. */
const READ = 'read';

/** Hashes files below a tree, in worker threads where it can; undefined for one that isn't there. */
async function hashFiles(
  tree: TreeToRead,
  {
    paths,
    signal,
    progress,
    onHash,
  }: {
    readonly paths: Iterator<string, undefined>;
    readonly signal: AbortSignal;
    readonly progress: WorkProgress;
    readonly onHash: (path: string, sha256: string | undefined) => void;
  },
): Promise<void> {
  await withSystemErrors(describe(tree), async () => {
    const requests = inBatches(paths);
    const onResult = (hashed: HashedBatch) => {
      for (const [path, sha256] of hashed) onHash(path, sha256);
    };
    if (workerCount() > 0) {
      const job = { work: READ, settings: tree };
      const wait = tree.from === 'disk' ? 'disk' : 'processor';
      await askWorkers(job, { requests, onResult, signal, progress, wait });
      return;
    }
    for (let next = requests.next(); !next.done; next = requests.next()) {
      onResult(await cooperatively(hashBatch(next.value, { tree, progress }), signal));
    }
  });
}

function* inBatches(paths: Iterator<string, undefined>): Generator<readonly string[], undefined> {
  let batch: string[] = [];
  for (let next = paths.next(); !next.done; next = paths.next()) {
    batch.push(next.value);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

type HashedBatch = readonly (readonly [path: string, sha256: string | undefined])[];

/** In the place of the sum of a file that the disk doesn't give back. */
const UNREADABLE = 'unreadable';

const hasher = new FileHasher();

/** Yields now and then, and at its end. */
function* hashBatch(
  paths: readonly string[],
  {
    tree: { root, from, like },
    progress,
  }: { readonly tree: TreeToRead; readonly progress: WorkProgress },
): Generator<void, HashedBatch> {
  const hashed: (readonly [path: string, sha256: string | undefined])[] = [];
  const likeness = like === undefined ? undefined : new Likeness(root, like);
  for (const path of paths) {
    const counts = likeness?.has(path) ?? true;
    const hash = counts ? yield* hashIfFile(`${root}/${path}`, { from, progress }) : undefined;
    hashed.push([path, hash]);
  }
  yield;
  return hashed;
}

function* hashIfFile(
  path: string,
  {
    from,
    progress: { onFile, onBytes },
  }: { readonly from: ReadFrom; readonly progress: WorkProgress },
): Generator<void, string | undefined> {
  try {
    const status = lstatSync(path);
    // What has become a folder, or leads elsewhere, is not the file.
    if (!status.isFile()) return undefined;
    onFile(path);
    let told = 0;
    const onPiece = (bytes: number) => {
      told += bytes;
      onBytes(bytes);
    };
    const sha256 =
      from === 'disk'
        ? yield* hasher.hashFromDisk(path, onPiece)
        : yield* hasher.hash(path, onPiece);
    onBytes(status.size - told);
    return sha256;
  } catch (error) {
    if (isNowhere(error)) return undefined;
    if (systemCodeOf(error) === 'EIO') return UNREADABLE;
    throw error;
  }
}

function describe({ root }: TreeToRead): string {
  return `read the files in "${root}"`;
}

serveRequests<TreeToRead, readonly string[], HashedBatch>(READ, {
  prepare: (tree, progress) => (paths) => atOnce(hashBatch(paths, { tree, progress })),
  describe,
});
