import { createHash } from 'node:crypto';
import { Failure } from '../failure.ts';
import { drain, tap } from '../streams/pipeline.ts';
import { openFileSource } from './byte-source.ts';
import { dropFromCache } from './drop-from-cache.ts';

/**
 * Reads a file that was just written and synced back from the disk. Failure `damaged` where it is not
 * what was written.
 *
 * @param name - how messages call it
 */
export async function confirmFile(
  path: string,
  {
    name,
    sizeBytes,
    sha256,
    signal,
    onBytes = () => {},
  }: {
    readonly name: string;
    readonly sizeBytes: number;
    readonly sha256: string;
    readonly signal: AbortSignal;
    readonly onBytes?: (count: number) => void;
  },
): Promise<void> {
  await dropFromCache(path, signal);
  await using source = await openFileSource(path);
  const hash = createHash('sha256');
  const bytes = source.stream({ start: 0, end: source.sizeBytes });
  await drain(
    tap(bytes, (chunk) => {
      signal.throwIfAborted();
      hash.update(chunk);
      onBytes(chunk.length);
    }),
  );
  if (source.sizeBytes === sizeBytes && hash.digest('hex') === sha256) return;
  throw readsBackOtherwise(name);
}

/** Failure `damaged`: what was just written to a file is not what it gives back. */
export function readsBackOtherwise(name: string): Failure {
  return new Failure(
    'damaged',
    `Cannot trust "${name}": the disk gives back other bytes than were written`,
    {
      hint: 'Nothing was kept of this backup, and nothing old was removed. Check the disk and the memory of the machine (smartctl, dmesg).',
    },
  );
}
