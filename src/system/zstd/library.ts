/*
 * Calls of `libzstd.so.1`: https://github.com/facebook/zstd, lib/zstd.h. Only functions that are stable since 1.4.0.
 */
import zlib from 'node:zlib';
import type { ForeignCalls, ForeignFunction, ForeignLibrary } from '../foreign/calls.ts';
import { FRAME_CONTENT_BYTES, MOST_FRAME_BYTES } from './frames.ts';
import { CHECKSUM_FLAG, COMPRESSION_LEVEL, ZSTD_LEVEL } from './parameters.ts';

export const LIBRARY = 'libzstd.so.1';

/** What the answer of a compressor begins with: the CRC-32 of the content that the library reads from the frame. */
export const CRC_BYTES = 4;

/** What the answer of a decompressor begins with: whether the content of the frame follows. */
export const STATE_BYTES = 1;
export const READ = 1;
const NOT_READ = 0;

const DECOMPRESS = 'size_t ZSTD_decompress(void *to, size_t room, void *from, size_t length)';

/** Makes frames. */
export class ZstdCompressor implements ForeignLibrary {
  readonly content = Buffer.alloc(FRAME_CONTENT_BYTES);
  readonly #made = Buffer.alloc(CRC_BYTES + MOST_FRAME_BYTES);
  /** What the library reads of what it has made. */
  readonly #readBack = Buffer.alloc(FRAME_CONTENT_BYTES);
  readonly #context: unknown;
  readonly #compress: ForeignFunction;
  readonly #decompress: ForeignFunction;

  /** An error if the library is not installed, or lacks one of the functions. */
  constructor({ load }: ForeignCalls) {
    const library = load(LIBRARY);
    const setParameter = library.func(
      'size_t ZSTD_CCtx_setParameter(void *context, int parameter, int value)',
    );
    this.#context = library.func('void *ZSTD_createCCtx()')();
    setParameter(this.#context, COMPRESSION_LEVEL, ZSTD_LEVEL);
    setParameter(this.#context, CHECKSUM_FLAG, 1);
    this.#compress = library.func(
      'size_t ZSTD_compress2(void *context, void *to, size_t room, void *from, size_t length)',
    );
    this.#decompress = library.func(DECOMPRESS);
  }

  /** The CRC-32, and the frame of the first bytes of the content. */
  answer(length: number): Uint8Array | undefined {
    const room = this.#made.subarray(CRC_BYTES);
    const frameBytes = sizeOf(
      this.#compress(this.#context, room, room.length, this.content, length),
      room.length,
    );
    if (frameBytes === undefined) return undefined;
    const { length: most } = this.#readBack;
    const readBytes = sizeOf(this.#decompress(this.#readBack, most, room, frameBytes), most);
    if (readBytes === undefined) return undefined;
    this.#made.writeUInt32LE(zlib.crc32(this.#readBack.subarray(0, readBytes)));
    return this.#made.subarray(0, CRC_BYTES + frameBytes);
  }
}

/** Reads frames. */
export class ZstdDecompressor implements ForeignLibrary {
  readonly content = Buffer.alloc(MOST_FRAME_BYTES);
  readonly #answer = Buffer.alloc(STATE_BYTES + FRAME_CONTENT_BYTES);
  readonly #decompress: ForeignFunction;

  /** An error if the library is not installed, or lacks one of the functions. */
  constructor({ load }: ForeignCalls) {
    this.#decompress = load(LIBRARY).func(DECOMPRESS);
  }

  /** Whether the first bytes of the content are a whole frame, and the content of that. */
  answer(length: number): Uint8Array {
    const room = this.#answer.subarray(STATE_BYTES);
    const readBytes = sizeOf(
      this.#decompress(room, room.length, this.content, length),
      room.length,
    );
    this.#answer.writeUInt8(readBytes === undefined ? NOT_READ : READ);
    return this.#answer.subarray(0, STATE_BYTES + (readBytes ?? 0));
  }
}

/** What a function gives as a size; undefined for the numbers of errors, which are the largest ones. */
function sizeOf(result: unknown, most: number): number | undefined {
  return typeof result === 'number' && result <= most ? result : undefined;
}
