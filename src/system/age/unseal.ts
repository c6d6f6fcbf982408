import { inChunksOf } from '../streams/pipeline.ts';
import { damagedSeal, type HeaderOpener, headerEnd, MOST_HEADER_BYTES } from './header.ts';
import {
  CHUNK_CONTENT_BYTES,
  CHUNKS_AT_ONCE,
  contentBytesIn,
  NONCE_BYTES,
  openChunks,
  payloadKey,
  SEALED_CHUNK_BYTES,
} from './payload.ts';

/** What must be known of an age file to read it. */
export interface SealedFile {
  readonly opener: HeaderOpener;
  /** How many bytes it has: only this tells a whole file from one that was cut, or goes on. */
  readonly sealedBytes: number;
  /** How messages call it. */
  readonly name: string;
}

/** The chunks of a file, as far as its size and its header tell. */
export interface Payload {
  readonly key: Uint8Array;
  /** Where the first chunk starts in the file. */
  readonly start: number;
  readonly contentBytes: number;
  readonly lastNumber: number;
  readonly name: string;
}

/** Bytes of chunks that are decrypted at once. */
const BLOCK_BYTES = CHUNKS_AT_ONCE * SEALED_CHUNK_BYTES;

/**
 * The content of an age file that is read from its beginning to its end. Each chunk is proven before it comes out.
 * Failures: `damaged` for a file that is not what was encrypted, or not all of it; `refused` where no key opens it.
 */
export async function* unseal(
  sealed: AsyncIterable<Uint8Array>,
  file: SealedFile,
): AsyncGenerator<Uint8Array> {
  const chunks = sealed[Symbol.asyncIterator]();
  try {
    const first = await readBeginning(chunks);
    const payload = await openPayload(first, file);
    const rest = behind(first.subarray(payload.start), chunks);
    yield* openStream(rest, { payload, number: 0, end: payload.lastNumber + 1 });
  } finally {
    await chunks.return?.();
  }
}

/** Whether these first bytes of a file are enough for {@link openPayload}, or no file goes on so. */
export function hasBeginning(first: Buffer): boolean {
  const end = headerEnd(first) ?? Number.POSITIVE_INFINITY;
  return first.length >= Math.min(end, MOST_HEADER_BYTES) + NONCE_BYTES;
}

/** Opens the header with which a file begins. Failures as those of {@link unseal}. */
export async function openPayload(
  first: Buffer,
  { opener, sealedBytes, name }: SealedFile,
): Promise<Payload> {
  const end = headerEnd(first);
  if (end === undefined || first.length < end + NONCE_BYTES) {
    throw damagedSeal(name, 'it does not begin as a file of age');
  }
  const start = end + NONCE_BYTES;
  const contentBytes = contentBytesIn(sealedBytes - start);
  if (contentBytes === undefined)
    throw damagedSeal(name, `no file of age has ${sealedBytes} bytes`);
  const lastNumber = Math.max(0, Math.ceil(contentBytes / CHUNK_CONTENT_BYTES) - 1);
  const fileKey = await opener.fileKey(first.subarray(0, end), name);
  return {
    key: payloadKey(fileKey, first.subarray(end, start)),
    start,
    contentBytes,
    lastNumber,
    name,
  };
}

/** Chunks that follow each other: those of the numbers `[number, end)`. */
export interface ChunkRange {
  readonly payload: Payload;
  readonly number: number;
  readonly end: number;
}

/** The content of chunks that come as a stream of bytes. Failure `damaged`. */
export async function* openStream(
  sealed: AsyncIterable<Uint8Array>,
  { payload, number: first, end }: ChunkRange,
): AsyncGenerator<Uint8Array> {
  let number = first;
  let position = first * CHUNK_CONTENT_BYTES;
  for await (const block of inChunksOf(sealed, BLOCK_BYTES)) {
    const content = openBlock(block, { payload, number, end });
    yield content;
    number += Math.ceil(block.length / SEALED_CHUNK_BYTES);
    position += content.length;
  }
  const isWhole = position === Math.min(payload.contentBytes, end * CHUNK_CONTENT_BYTES);
  if (number < end || !isWhole) throw damagedSeal(payload.name, 'its end is missing');
}

/** The content of chunks in one piece, up to the end or before. Failure `damaged`. */
export function openBlock(
  sealed: Uint8Array,
  { payload: { key, contentBytes, lastNumber, name }, number, end }: ChunkRange,
): Uint8Array {
  const start = number * CHUNK_CONTENT_BYTES;
  const content = openChunks(sealed, { key, number, lastNumber });
  if (content === undefined) {
    throw damagedSeal(name, `its content from ${start} on is not what was encrypted`);
  }
  const mostBytes = Math.min(contentBytes, end * CHUNK_CONTENT_BYTES) - start;
  if (content.length > mostBytes) throw damagedSeal(name, 'it goes on behind its end');
  return content;
}

/** The bytes of a stream up to where {@link hasBeginning} has enough; all of them where that never comes. */
async function readBeginning(chunks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let first = Buffer.alloc(0);
  while (!hasBeginning(first)) {
    const next = await chunks.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  return first;
}

async function* behind(
  first: Uint8Array,
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    yield next.value;
  }
}
