import { createHash } from 'node:crypto';
import { Failure } from '../../../system/failure.ts';
import type { UploadOptions } from '../object-store.ts';

/**
 * The same bytes, on their way to a store. The last one comes only if they are as many as was said, and have that
 * sha256: so no store completes an object of others. Failures: `damaged`, or the reason of the signal.
 *
 * @param name - how messages call the object
 */
export async function* checkedContent(
  content: AsyncIterable<Uint8Array>,
  { name, sizeBytes, sha256, signal }: Omit<UploadOptions, 'onBytes'> & { readonly name: string },
): AsyncGenerator<Uint8Array> {
  const hash = sha256 === undefined ? undefined : createHash('sha256');
  let count = 0;
  signal?.throwIfAborted();
  for await (const chunk of content) {
    signal?.throwIfAborted();
    count += chunk.length;
    if (sizeBytes !== undefined && count > sizeBytes) {
      throw otherContent(name, `it has more than ${sizeBytes} bytes`);
    }
    hash?.update(chunk);
    yield chunk;
  }
  signal?.throwIfAborted();
  if (sizeBytes !== undefined && count !== sizeBytes) {
    throw otherContent(name, `it has ${count} bytes, and not ${sizeBytes}`);
  }
  if (hash !== undefined && hash.digest('hex') !== sha256) {
    throw otherContent(name, 'its checksum is another one than its record says');
  }
}

function otherContent(name: string, state: string): Failure {
  return new Failure('damaged', `Cannot write "${name}" from the original: ${state}`, {
    hint: 'Nothing of it was kept there. Verify the original: it was changed, or the disk is failing.',
  });
}
