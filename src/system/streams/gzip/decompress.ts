import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, gunzip } from 'node:zlib';
import { Failure } from '../../failure.ts';
import { PieceReader } from '../piece-reader.ts';
import { inParallel, tap } from '../pipeline.ts';
import { MEMBERS_AT_A_TIME } from './compress.ts';
import { decodeMemberLength, MEMBER_CONTENT_BYTES, MEMBER_HEADER_BYTES } from './member.ts';

const gunzipWhole = promisify<Uint8Array, object, Uint8Array>(gunzip);

/**
 * The content of a gzip file: in parallel where its members say how long they are, as one stream
 * where another program wrote it. Failure `damaged`, with `name` in it.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const reader = new PieceReader(source, {
    headerBytes: MEMBER_HEADER_BYTES,
    lengthOf: decodeMemberLength,
  });
  const work = (member: Uint8Array) => inflateMember(member, name);
  try {
    yield* inParallel(reader.pieces(), { limit: MEMBERS_AT_A_TIME, work });
    if (await reader.hasMore()) yield* decompressStream(reader.rest(), name);
    else if (reader.isEmpty) throw notGzip(new Error('the file is empty'), name);
  } finally {
    await reader.close();
  }
}

/** The content of one member. Failure `damaged`, with `name` in it. */
export async function inflateMember(member: Uint8Array, name: string): Promise<Uint8Array> {
  try {
    return await gunzipWhole(member, {
      // With room for all of it and a little more, zlib sees the end without a second call.
      chunkSize: MEMBER_CONTENT_BYTES + 64,
      maxOutputLength: MEMBER_CONTENT_BYTES,
    });
  } catch (error) {
    throw notGzip(error, name);
  }
}

async function* decompressStream(
  source: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({ chunkSize: 1 << 18 });
  let fedBytes = 0;
  const counted = tap(source, (chunk) => {
    fedBytes += chunk.length;
  });
  const feeding = pipeline(counted, stream);
  feeding.catch(() => {}); // It comes out of the loop below, or of the await behind it.
  try {
    for await (const chunk of stream) yield chunk;
    await feeding;
    // Node takes what follows a member and begins with a zero byte for padding, and looks no further.
    const leftBytes = fedBytes - stream.bytesWritten;
    if (leftBytes > 0) throw new Error(`its last ${leftBytes} bytes are no gzip`);
  } catch (error) {
    throw notGzip(error, name);
  } finally {
    stream.destroy();
  }
}

/** The failure for what zlib says of a file; any other error as it is. */
export function notGzip(error: unknown, name: string): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error;
  return new Failure('damaged', `Cannot decompress "${name}": ${error.message}`, {
    hint: 'The file is damaged; bring it back from a copy.',
    cause: error,
  });
}
