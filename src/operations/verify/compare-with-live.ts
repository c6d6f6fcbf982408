import { transactionEndingAt } from '../../filestorage/uncommitted-tail.ts';
import { openFileSource } from '../../system/files/byte-source.ts';
import { type JobContext, stoppable, withStep } from '../run/events.ts';

/**
 * Whether a live Data.fs still begins with what was restored.
 *
 * - `same`: it does, byte by byte
 * - `differs`: it goes on from there, and the byte at that position is another one
 * - `other`: it doesn't go on from there; since the backup, it was packed, or something else was restored
 */
export type LiveComparison =
  | { readonly kind: 'same' | 'other' }
  | { readonly kind: 'differs'; readonly position: number };

/** @param dataFs - what was restored. Failures: `not-found` where there is no live file; `system` */
export async function compareWithLive(
  dataFs: string,
  { live, context }: { readonly live: string; readonly context: JobContext },
): Promise<LiveComparison> {
  await using restored = await openFileSource(dataFs);
  await using running = await openFileSource(live);
  const { sizeBytes } = restored;
  const last = await transactionEndingAt(restored, sizeBytes);
  const there = await transactionEndingAt(running, sizeBytes);
  if (last === undefined || there?.tid !== last.tid) return { kind: 'other' };
  return await withStep(context, {
    step: 'compare',
    totalBytes: sizeBytes,
    work: async (progress): Promise<LiveComparison> => {
      progress.onFile(live);
      const { onBytes } = stoppable(progress, context.signal);
      let position = 0;
      for await (const chunk of restored.stream({ start: 0, end: sizeBytes })) {
        onBytes(chunk.length);
        const other = await running.read({ start: position, end: position + chunk.length });
        const offset = firstDifference(chunk, other);
        if (offset !== undefined) return { kind: 'differs', position: position + offset };
        position += chunk.length;
      }
      return { kind: 'same' };
    },
  });
}

function firstDifference(one: Uint8Array, other: Uint8Array): number | undefined {
  if (Buffer.compare(one, other) === 0) return undefined;
  const offset = one.findIndex((byte, index) => byte !== other[index]);
  return offset < 0 ? one.length : offset;
}
