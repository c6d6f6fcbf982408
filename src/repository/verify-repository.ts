import { createHash } from 'node:crypto';
import type { Store } from '../stores/store.ts';
import { Failure } from '../system/failure.ts';
import { drain, tap } from '../system/streams/pipeline.ts';
import type { WorkProgress } from '../system/streams/progress.ts';
import { readLink, readUnlisted } from './content/read-backup.ts';
import type { Catalogue } from './layout/catalogue.ts';
import { type ChainLink, readChain } from './layout/chain.ts';
import { indexFileName, recordFileName } from './layout/file-names.ts';
import type { Checked, RepositoryProblem } from './problem.ts';

/** What verification says of one file, or of a chain where no file is at fault. */
export type Finding<Problem = RepositoryProblem, What = Checked> =
  /** `checked`: what was compared. */
  | { readonly kind: 'good'; readonly name: string; readonly checked: What }
  | { readonly kind: 'bad'; readonly name: string; readonly problem: Problem };

/**
 * Checks a repository, file by file, oldest first.
 *
 * @param depth - `quick`: that the files are there and have their sizes; `thorough`: every byte
 *   against its checksums
 * @param chains - `newest`, as repozo does, or `all`
 */
export async function* verifyRepository(
  store: Store,
  {
    catalogue,
    depth,
    chains,
    progress,
    signal,
  }: {
    readonly catalogue: Catalogue;
    readonly depth: 'quick' | 'thorough';
    readonly chains: 'newest' | 'all';
    readonly progress: WorkProgress;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<Finding> {
  const sizes = new Map((await store.list()).map(({ name, sizeBytes }) => [name, sizeBytes]));
  const onChunk = (chunk: Uint8Array) => {
    signal.throwIfAborted();
    progress.onBytes(chunk.length);
  };
  if (chains === 'all') {
    for (const { name } of catalogue.withoutFull) {
      yield { kind: 'bad', name, problem: { kind: 'no-full-backup' } };
    }
  }
  for (const stamp of catalogue.datWithoutFull) {
    yield { kind: 'bad', name: `${stamp}.dat`, problem: { kind: 'full-backup-missing' } };
  }
  for (const files of chains === 'all' ? catalogue.chains : catalogue.chains.slice(-1)) {
    const chain = await readChain(store, files);
    for (const fault of chain.faults) {
      const name = 'fileName' in fault ? fault.fileName : `${chain.stamp}.dat`;
      yield { kind: 'bad', name, problem: fault };
    }
    for (const stamp of chain.unreadRecords) {
      const fileName = recordFileName(stamp);
      yield { kind: 'bad', name: fileName, problem: { kind: 'unreadable-record', fileName } };
    }
    for (const link of chain.links) {
      progress.onFile(link.file.name);
      if (depth === 'quick') yield await checkSize(store, { link, sizes, onChunk });
      else yield* checkBytes(store, { link, onChunk });
    }
    if (chain.links.length === 0 && depth === 'thorough') {
      const all = [files.full, ...files.increments];
      yield await judge(files.full.name, async () => {
        await drain(tap(readUnlisted(store, all, progress.onFile), onChunk));
        return 'transactions';
      });
    }
  }
}

/** The index has a finding of its own where it is bad: a restore doesn't need it. */
async function* checkBytes(
  store: Store,
  {
    link,
    onChunk,
  }: {
    readonly link: ChainLink;
    readonly onChunk: (chunk: Uint8Array) => void;
  },
): AsyncGenerator<Finding> {
  const { file, record } = link;
  const data = await judge(file.name, async () => {
    await drain(tap(readLink(store, { link, check: 'checksums' }), onChunk));
    return record === undefined ? 'md5' : 'md5-and-sha256';
  });
  if (data.kind === 'bad' || record === undefined) {
    yield data;
    return;
  }
  const index = await judge(indexFileName(file.stamp), async () => {
    await checkIndex(store, link);
    return 'sha256-and-index';
  });
  if (index.kind === 'bad') yield* [data, index];
  else yield { ...data, checked: index.checked };
}

async function checkIndex(store: Store, link: ChainLink): Promise<void> {
  const name = indexFileName(link.file.stamp);
  const hash = createHash('sha256');
  await drain(tap(store.read(name), (chunk) => hash.update(chunk)));
  if (hash.digest('hex') === link.record?.index.sha256) return;
  throw new Failure('damaged', `"${name}" is not the index that was written with it`, {
    hint: 'Remove it: a restore works without it, and the server makes a new one.',
  });
}

/** repozo's quick verification decompresses to learn a size; a recorded size spares us that. */
async function checkSize(
  store: Store,
  {
    link,
    sizes,
    onChunk,
  }: {
    readonly link: ChainLink;
    readonly sizes: ReadonlyMap<string, number>;
    readonly onChunk: (chunk: Uint8Array) => void;
  },
): Promise<Finding> {
  const { file, range, record } = link;
  if (file.isGzip && record === undefined) {
    return judge(file.name, async () => {
      await drain(tap(readLink(store, { link, check: 'bytes-only' }), onChunk));
      return 'size';
    });
  }
  const expected = record?.stored.sizeBytes ?? range.end - range.start;
  const bytes = sizes.get(file.name) ?? 0;
  if (bytes === expected) return { kind: 'good', name: file.name, checked: 'size' };
  const problem = { kind: 'other-size', bytes, expectedBytes: expected } as const;
  return { kind: 'bad', name: file.name, problem };
}

async function judge(name: string, check: () => Promise<Checked>): Promise<Finding> {
  try {
    return { kind: 'good', name, checked: await check() };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code !== 'damaged' && error.code !== 'not-found') throw error;
    return { kind: 'bad', name, problem: { kind: 'failed-read', message: error.message } };
  }
}
