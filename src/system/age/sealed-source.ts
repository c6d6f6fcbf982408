import type { ByteRange, OpenedSource } from '../files/byte-source.ts';
import { damagedSeal, MOST_HEADER_BYTES } from './header.ts';
import { CHUNK_CONTENT_BYTES, NONCE_BYTES, SEALED_CHUNK_BYTES } from './payload.ts';
import {
  type ChunkRange,
  hasBeginning,
  openBlock,
  openPayload,
  openStream,
  type SealedFile,
} from './unseal.ts';

/** What is read first: mostly the whole header, and all of a small file. */
const FIRST_BYTES = 4096;

/**
 * The content of an age file, read at random: each read decrypts the chunks that it needs, and proves them. It closes
 * the file. The size and the last chunk are proven now. Failures: `damaged` for a file that is not what was encrypted,
 * or not all of it; `refused` where no key opens it.
 */
export async function openSealed(source: OpenedSource, file: SealedFile): Promise<OpenedSource> {
  const { name, sealedBytes } = file;
  if (source.sizeBytes !== sealedBytes) {
    throw damagedSeal(name, `it has ${source.sizeBytes} bytes, ${sealedBytes} were expected`);
  }
  const first = await readFirst(source);
  const payload = await openPayload(first, file);
  const { contentBytes, lastNumber, start } = payload;
  /** Of the file: where chunks are. */
  const placeOf = ({ number, end }: ChunkRange): ByteRange => ({
    start: start + number * SEALED_CHUNK_BYTES,
    end: Math.min(start + end * SEALED_CHUNK_BYTES, sealedBytes),
  });
  const openRange = async (chunks: ChunkRange) => {
    const place = placeOf(chunks);
    const isRead = place.end <= first.length;
    return openBlock(
      isRead ? first.subarray(place.start, place.end) : await source.read(place),
      chunks,
    );
  };
  /** The chunks with a range of the content that isn't empty. */
  const chunksOf = (range: ByteRange): ChunkRange => {
    if (range.end > contentBytes) {
      throw damagedSeal(name, `it holds ${contentBytes} bytes, ${range.end} were expected`);
    }
    const number = Math.floor(range.start / CHUNK_CONTENT_BYTES);
    return { payload, number, end: Math.ceil(range.end / CHUNK_CONTENT_BYTES) };
  };
  const read = async (range: ByteRange) => {
    if (range.start >= range.end) return new Uint8Array(0);
    const chunks = chunksOf(range);
    const offset = chunks.number * CHUNK_CONTENT_BYTES;
    return (await openRange(chunks)).subarray(range.start - offset, range.end - offset);
  };
  await openRange({ payload, number: lastNumber, end: lastNumber + 1 });
  return {
    name: source.name,
    sizeBytes: contentBytes,
    read,
    readInto: async (target, position) =>
      target.set(await read({ start: position, end: position + target.length })),
    stream: async function* (range) {
      if (range.start >= range.end) return;
      const chunks = chunksOf(range);
      let offset = chunks.number * CHUNK_CONTENT_BYTES;
      for await (const content of openStream(source.stream(placeOf(chunks)), chunks)) {
        yield content.subarray(Math.max(0, range.start - offset), range.end - offset);
        offset += content.length;
      }
    },
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}

async function readFirst(source: OpenedSource): Promise<Buffer> {
  let first = Buffer.alloc(0);
  for (const most of [FIRST_BYTES, MOST_HEADER_BYTES + NONCE_BYTES]) {
    if (!hasBeginning(first)) {
      const end = Math.min(most, source.sizeBytes);
      first = Buffer.from(await source.read({ start: 0, end }));
    }
  }
  return first;
}
