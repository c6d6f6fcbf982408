import zlib from 'node:zlib';
import { Failure, isFailure } from '../../failure.ts';
import { findProgram, throughProgram } from '../../processes/programs.ts';
import { tap } from '../pipeline.ts';

/** CRC-32 and length of the content, little-endian, at the end of a member (RFC 1952). */
const TRAILER_BYTES = 8;

/** The absolute path of igzip; undefined where it isn't installed, or Node (before 20.15) has no CRC-32 to check it with. */
export function findIgzip(): Promise<string | undefined> {
  return 'crc32' in zlib ? findProgram('igzip') : Promise.resolve(undefined);
}

/** Whether a gzip file begins with a header that igzip and zlib are known to read alike: at most a file name is in it. */
export function hasCommonHeader(start: Uint8Array): boolean {
  const [first, second, method, flags = 0xff] = start;
  return first === 0x1f && second === 0x8b && method === 8 && (flags & ~FLAG_NAME) === 0;
}
const FLAG_NAME = 8;

/**
 * The content of a gzip file of one member, by igzip, which is faster than zlib. It is not believed: if it fails, or the file
 * says another CRC-32 or length at its end, zlib reads all of it again, and its failure is the one that comes out. Failure
 * `program` where zlib finds other bytes than igzip has given by then.
 *
 * @param byZlib - the content from its beginning, by zlib
 */
export async function* decompressByIgzip(
  source: AsyncIterable<Uint8Array>,
  {
    igzip,
    name,
    byZlib,
  }: {
    readonly igzip: string;
    readonly name: string;
    readonly byZlib: () => AsyncIterable<Uint8Array>;
  },
): AsyncGenerator<Uint8Array> {
  let trailer = Buffer.alloc(0);
  const stored = tap(source, (chunk) => {
    trailer = Buffer.concat([trailer, chunk.subarray(-TRAILER_BYTES)]).subarray(-TRAILER_BYTES);
  });
  const given = new Sum();
  const program = { path: igzip, arguments: ['-d', '-c', '-'] };
  try {
    for await (const chunk of throughProgram(program)(stored)) {
      given.add(chunk);
      yield chunk;
    }
    if (given.isIn(trailer)) return;
  } catch (error) {
    if (!isFailure(error, 'program')) throw error;
  }
  yield* behind(given, { content: byZlib(), name });
}

/** What follows the bytes that were given already. All is read before a difference is told: the file may be damaged, too. */
async function* behind(
  given: Sum,
  { content, name }: { readonly content: AsyncIterable<Uint8Array>; readonly name: string },
): AsyncGenerator<Uint8Array> {
  const same = new Sum();
  for await (const chunk of content) {
    const part = Math.min(given.sizeBytes - same.sizeBytes, chunk.length);
    same.add(chunk.subarray(0, part));
    if (part < chunk.length && same.equals(given)) yield chunk.subarray(part);
  }
  if (same.equals(given)) return;
  throw new Failure('program', `Cannot decompress "${name}": igzip gives other bytes than zlib`, {
    hint: 'The file is whole. Remove the package of igzip (Debian: isal), then try again.',
  });
}

/** Size and CRC-32 of bytes. */
class Sum {
  sizeBytes = 0;
  #crc32 = 0;

  add(bytes: Uint8Array): void {
    this.sizeBytes += bytes.length;
    this.#crc32 = zlib.crc32(bytes, this.#crc32);
  }

  equals(other: Sum): boolean {
    return this.sizeBytes === other.sizeBytes && this.#crc32 === other.#crc32;
  }

  /** Whether a trailer says the same. It has room for the last 32 bits of the size. */
  isIn(trailer: Buffer): boolean {
    return (
      trailer.length === TRAILER_BYTES &&
      trailer.readUInt32LE(0) === this.#crc32 &&
      trailer.readUInt32LE(4) === this.sizeBytes % 2 ** 32
    );
  }
}
