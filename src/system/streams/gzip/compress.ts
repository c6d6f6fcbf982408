import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { inChunksOf, inParallel, type Stage } from '../pipeline.ts';
import { encodeMember, MAXIMUM_MEMBER_BYTES, MEMBER_CONTENT_BYTES } from './member.ts';

const gzipWhole = promisify<Uint8Array, object, Uint8Array>(gzip);

/** Members that are compressed or decompressed at a time: zlib works in Node's four threads. */
export const MEMBERS_AT_A_TIME = Math.min(availableParallelism() + 2, 4);

/**
 * gzip as members of 1 MiB, on as many cores as there are.
 *
 * @param level - zlib's, 1 (fast) to 9 (small)
 */
export function compressToMembers(level: number): Stage {
  const compress = async (content: Uint8Array) =>
    // One output buffer that holds any result, so that nothing is copied together.
    encodeMember(await gzipWhole(content, { level, chunkSize: MAXIMUM_MEMBER_BYTES }));
  return async function* (source) {
    let isEmpty = true;
    const contents = inChunksOf(source, MEMBER_CONTENT_BYTES);
    for await (const member of inParallel(contents, { limit: MEMBERS_AT_A_TIME, work: compress })) {
      isEmpty = false;
      yield member;
    }
    if (isEmpty) yield compress(new Uint8Array(0)); // No member at all is no gzip file.
  };
}
