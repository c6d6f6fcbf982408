/**
 * The payload of an age file, which follows its header: https://age-encryption.org/v1, "Payload".
 *
 * | bytes | |
 * | --- | --- |
 * | 0 to 15 | nonce: HKDF-SHA-256 makes the key of the payload of it and of the file key |
 * | 16 to end | chunks: 64 KiB of content, encrypted by ChaCha20-Poly1305, and a tag of 16 bytes |
 *
 * The last chunk may hold less, but something, unless it is the only one. The nonce of a chunk is its number, 11 bytes,
 * big-endian, and a byte that is 1 for the last one: so each chunk can be decrypted alone, and none can stand in
 * another's place.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { inChunksOf } from '../streams/pipeline.ts';

export const NONCE_BYTES = 16;
export const CHUNK_CONTENT_BYTES = 1 << 16;
const TAG_BYTES = 16;
export const SEALED_CHUNK_BYTES = CHUNK_CONTENT_BYTES + TAG_BYTES;

/** Chunks that are worked on at once: as many as a block of content has. */
export const CHUNKS_AT_ONCE = 16;

const CIPHER = 'chacha20-poly1305';
const KEY_BYTES = 32;

/** Where a chunk stands among all chunks. */
interface ChunkPlace {
  readonly number: number;
  readonly isLast: boolean;
}

/** The key with which the chunks of one payload are encrypted. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', KEY_BYTES));
}

/** How much content chunks of so many bytes hold; undefined where no content makes so many. */
export function contentBytesIn(chunkBytes: number): number | undefined {
  const count = Math.ceil(chunkBytes / SEALED_CHUNK_BYTES);
  const lastBytes = chunkBytes - (count - 1) * SEALED_CHUNK_BYTES;
  const isPossible = count === 1 ? lastBytes >= TAG_BYTES : lastBytes > TAG_BYTES;
  return count > 0 && isPossible ? chunkBytes - count * TAG_BYTES : undefined;
}

/** The payload of the content, with a nonce of its own. */
export async function* sealPayload(
  content: AsyncIterable<Uint8Array>,
  fileKey: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const nonce = randomBytes(NONCE_BYTES);
  const key = payloadKey(fileKey, nonce);
  yield nonce;
  let number = 0;
  // Which one is the last is known when there are no more.
  let block: Uint8Array = new Uint8Array(0);
  for await (const next of inChunksOf(content, CHUNKS_AT_ONCE * CHUNK_CONTENT_BYTES)) {
    if (block.length > 0) yield sealChunks(block, { key, number, hasLast: false });
    number += block.length / CHUNK_CONTENT_BYTES;
    block = next;
  }
  yield sealChunks(block, { key, number, hasLast: true });
}

function sealChunks(
  content: Uint8Array,
  {
    key,
    number,
    hasLast,
  }: { readonly key: Uint8Array; readonly number: number; readonly hasLast: boolean },
): Uint8Array {
  const count = Math.max(1, Math.ceil(content.length / CHUNK_CONTENT_BYTES));
  const sealed = Buffer.allocUnsafe(content.length + count * TAG_BYTES);
  for (let at = 0; at < count; at++) {
    const place = { number: number + at, isLast: hasLast && at === count - 1 };
    const start = at * CHUNK_CONTENT_BYTES;
    const chunk = content.subarray(start, start + CHUNK_CONTENT_BYTES);
    const cipher = createCipheriv(CIPHER, key, chunkNonce(place), { authTagLength: TAG_BYTES });
    const offset = at * SEALED_CHUNK_BYTES;
    sealed.set(cipher.update(chunk), offset);
    cipher.final();
    sealed.set(cipher.getAuthTag(), offset + chunk.length);
  }
  return sealed;
}

/**
 * The content of chunks that follow each other.
 *
 * @param number - of the first of them, from 0 on
 * @param lastNumber - of the last of the file
 * @returns undefined where one of them is not what was encrypted in its place
 */
export function openChunks(
  sealed: Uint8Array,
  {
    key,
    number,
    lastNumber,
  }: { readonly key: Uint8Array; readonly number: number; readonly lastNumber: number },
): Uint8Array | undefined {
  const contentBytes = contentBytesIn(sealed.length);
  if (contentBytes === undefined) return undefined;
  const content = Buffer.allocUnsafe(contentBytes);
  for (let at = 0; at * SEALED_CHUNK_BYTES < sealed.length; at++) {
    const start = at * SEALED_CHUNK_BYTES;
    const chunk = sealed.subarray(start, start + SEALED_CHUNK_BYTES);
    const place = { number: number + at, isLast: number + at === lastNumber };
    const opened = openChunk(chunk, { key, place });
    if (opened === undefined) return undefined;
    content.set(opened, at * CHUNK_CONTENT_BYTES);
  }
  return content;
}

function openChunk(
  sealed: Uint8Array,
  { key, place }: { readonly key: Uint8Array; readonly place: ChunkPlace },
): Uint8Array | undefined {
  const tag = sealed.subarray(-TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, key, chunkNonce(place), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(tag);
  const content = decipher.update(sealed.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
    return content;
  } catch {
    return undefined; // The tag is that of other bytes.
  }
}

function chunkNonce({ number, isLast }: ChunkPlace): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce.writeUInt8(isLast ? 1 : 0, 11);
  return nonce;
}
