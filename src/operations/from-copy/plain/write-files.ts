import type { Store } from '../../../stores/store.ts';
import { each, inParallel, tap } from '../../../system/streams/pipeline.ts';
import type { WorkProgress } from '../../../system/streams/progress.ts';

/** What is told of the work, and what stops it. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly progress: WorkProgress;
}

/** Files that are on their way at once. */
const AT_ONCE = 8;
/** What is smaller is written again: it may be made of records, and others have come since. */
const LARGE_BYTES = 1 << 20;

/**
 * Writes the files of one store to another one, which has no others then. A large one that is there with its size is
 * one that an earlier run has written whole. Failures: those of the stores.
 */
export async function writeFiles(
  source: Store,
  target: Store,
  { signal, progress }: Watch,
): Promise<void> {
  const wanted = await source.list();
  const there = new Map((await target.list()).map(({ name, sizeBytes }) => [name, sizeBytes]));
  const lacking = wanted.filter(
    ({ name, sizeBytes }) => sizeBytes < LARGE_BYTES || there.get(name) !== sizeBytes,
  );
  const work = async (name: string) => {
    progress.onFile(source.nameOf(name));
    const content = tap(source.read(name), (chunk) => {
      signal.throwIfAborted();
      progress.onBytes(chunk.length);
    });
    await using file = await target.stage(name, content);
    await file.publish();
  };
  const names = each(lacking.map(({ name }) => name));
  for await (const _ of inParallel(names, { limit: AT_ONCE, work })) signal.throwIfAborted();
  const known = new Set(wanted.map(({ name }) => name));
  await target.remove(...[...there.keys()].filter((name) => !known.has(name)));
}
