import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { LibraryPool } from '../../foreign/pool.ts';
import { inChunksOf, inParallel, type Stage } from '../pipeline.ts';
import {
  encodeMember,
  encodeMemberInPlace,
  MAXIMUM_MEMBER_BYTES,
  MEMBER_CONTENT_BYTES,
  MEMBER_HEADER_ADDS_BYTES,
} from './member.ts';

const gzipWhole = promisify<Uint8Array, object, Uint8Array>(zlib.gzip);

/** Members that are compressed or decompressed at a time: zlib works in Node's four threads. */
export const MEMBERS_AT_A_TIME = Math.min(availableParallelism() + 2, 4);

/** The level at which zlib makes members when ISA-L fails: the size is about the same. */
const LEVEL_IN_PLACE_OF_ISAL = 6;

/** RFC 1952: magic, deflate, no flags. */
const GZIP_START = Buffer.from([0x1f, 0x8b, 8, 0]);
/** CRC-32 and length of the content, little-endian. */
const GZIP_TRAILER_BYTES = 8;

/** Makes a member of the content. */
type Compress = (content: Uint8Array) => Promise<Uint8Array>;

/**
 * gzip as members of 1 MiB, on as many cores as there are.
 *
 * @param level - zlib's, 1 (fast) to 9 (small)
 */
export function compressToMembers(level: number): Stage {
  return (source) =>
    membersOf(source, { limit: MEMBERS_AT_A_TIME, compress: compressByZlib(level) });
}

/** The same by ISA-L, several times as fast. zlib makes the members that ISA-L fails to make. Ends its processes. */
export function compressByIsal(isal: LibraryPool): Stage {
  return async function* (source) {
    await using pool = isal;
    const byZlib = compressByZlib(LEVEL_IN_PLACE_OF_ISAL);
    const compress: Compress = async (content) =>
      (await isalMember(pool, content)) ?? byZlib(content);
    yield* membersOf(source, { limit: pool.requestsAtATime, compress });
  };
}

async function* membersOf(
  source: AsyncIterable<Uint8Array>,
  { limit, compress }: { readonly limit: number; readonly compress: Compress },
): AsyncGenerator<Uint8Array> {
  let isEmpty = true;
  const contents = inChunksOf(source, MEMBER_CONTENT_BYTES);
  for await (const member of inParallel(contents, { limit, work: compress })) {
    isEmpty = false;
    yield member;
  }
  if (isEmpty) yield compress(new Uint8Array(0)); // No member at all is no gzip file.
}

function compressByZlib(level: number): Compress {
  return async (content) =>
    // One output buffer that holds any result, so that nothing is copied together.
    encodeMember(await gzipWhole(content, { level, chunkSize: MAXIMUM_MEMBER_BYTES }));
}

/** Undefined if ISA-L fails, or if its result doesn't say that it holds this content. */
async function isalMember(isal: LibraryPool, content: Uint8Array): Promise<Uint8Array | undefined> {
  const member = await isal.ask(content, { headroom: MEMBER_HEADER_ADDS_BYTES });
  if (member === undefined) return undefined;
  if (saysContent(member.subarray(MEMBER_HEADER_ADDS_BYTES), content)) {
    return encodeMemberInPlace(member);
  }
  await isal[Symbol.asyncDispose](); // What says something wrong once is not asked again.
  return undefined;
}

/** Whether this looks like a gzip file with a header of 10 bytes, and says length and CRC-32 of the content. */
function saysContent(gzipped: Buffer, content: Uint8Array): boolean {
  const trailer = gzipped.length - GZIP_TRAILER_BYTES;
  return (
    trailer > GZIP_START.length &&
    gzipped.subarray(0, GZIP_START.length).equals(GZIP_START) &&
    gzipped.readUInt32LE(trailer) === zlib.crc32(content) &&
    gzipped.readUInt32LE(trailer + 4) === content.length
  );
}
