/**
 * Calls of ISA-L's `libisal.so.2`: https://github.com/intel/isa-l, include/igzip_lib.h.
 *
 * The library takes a structure for each direction. Its public fields come first, at the same places in all versions from
 * 2.30 to 2.32. What follows them is the library's own, and differs. So each structure gets more room than a version
 * needs, and the library fills it. Numbers are those of a little-endian machine of 64 bits.
 *
 * | bytes | isal_zstream | inflate_state |
 * | --- | --- | --- |
 * | 0 to 7 | next_in | next_out |
 * | 8 to 11 | avail_in | avail_out |
 * | 12 to 15 | total_in | total_out |
 * | 16 to 23 | next_out | next_in |
 * | 24 to 27 | avail_out | read_in |
 * | 28 to 31 | total_out | read_in |
 * | 32 to 35 | hufftables | avail_in |
 * | 40 to 43 | level | |
 * | 44 to 47 | level_buf_size | |
 * | 48 to 55 | level_buf | |
 * | 56, 57 | end_of_stream | |
 * | 60, 61 | gzip_flag | |
 */
import type { ForeignCalls, ForeignFunction, ForeignLibrary } from '../foreign/calls.ts';

/** Content of one request. */
export const MOST_CONTENT_BYTES = 1 << 20;

/** One answer: deflate makes a little more of what it can't make smaller, and a member adds a little to it. */
export const MOST_GZIPPED_BYTES = MOST_CONTENT_BYTES + 4000;

/** The library's levels that need working memory. */
export type IsalLevel = 1 | 2 | 3;

/** The structures have 82 kB and 87 kB in 2.30. */
const STRUCTURE_BYTES = 1 << 18;
/**
 * ISAL_DEF_LVL3_SMALL: working memory, enough for each level. Each time it is full, the library makes new Huffman codes.
 * With more memory the results were 0.8 % larger, and took as long.
 */
const LEVEL_MEMORY_BYTES = 151_552;
const END_OF_STREAM = 1;
const IGZIP_GZIP = 1;
/** What the library puts before and behind the deflate stream. */
const GZIP_HEADER_BYTES = 10;
const GZIP_TRAILER_BYTES = 8;
/** COMP_OK, ISAL_DECOMP_OK. */
const OK = 0;

/** The use of the library by one thread, with buffers that stay. */
export class IsalLibrary implements ForeignLibrary {
  readonly content = Buffer.alloc(MOST_CONTENT_BYTES);
  readonly #gzipped = Buffer.alloc(MOST_GZIPPED_BYTES);
  /** What the library reads of what it has made. */
  readonly #readBack = Buffer.alloc(MOST_CONTENT_BYTES);
  readonly #levelMemory = Buffer.alloc(LEVEL_MEMORY_BYTES);
  readonly #deflateStream = Buffer.alloc(STRUCTURE_BYTES);
  readonly #inflateState = Buffer.alloc(STRUCTURE_BYTES);
  readonly #level: IsalLevel;
  readonly #address: (buffer: Uint8Array) => bigint;
  readonly #initDeflate: ForeignFunction;
  readonly #deflate: ForeignFunction;
  readonly #initInflate: ForeignFunction;
  readonly #inflate: ForeignFunction;

  /** An error if the library is not installed, or lacks one of the functions. */
  constructor(
    { load, address }: ForeignCalls,
    { path, level }: { readonly path: string; readonly level: IsalLevel },
  ) {
    const library = load(path);
    this.#level = level;
    this.#address = address;
    this.#initDeflate = library.func('void isal_deflate_stateless_init(void *stream)');
    this.#deflate = library.func('int isal_deflate_stateless(void *stream)');
    this.#initInflate = library.func('void isal_inflate_init(void *state)');
    this.#inflate = library.func('int isal_inflate_stateless(void *state)');
  }

  /**
   * A gzip file of the first bytes of {@link content}, with a header of 10 bytes; undefined if the library fails, or reads
   * something else from what it made. The next call overwrites the result.
   */
  answer(length: number): Uint8Array | undefined {
    const stream = this.#deflateStream;
    this.#initDeflate(stream);
    stream.writeBigUInt64LE(this.#address(this.content), 0);
    stream.writeUInt32LE(length, 8);
    stream.writeBigUInt64LE(this.#address(this.#gzipped), 16);
    stream.writeUInt32LE(this.#gzipped.length, 24);
    stream.writeUInt32LE(this.#level, 40);
    stream.writeUInt32LE(this.#levelMemory.length, 44);
    stream.writeBigUInt64LE(this.#address(this.#levelMemory), 48);
    stream.writeUInt16LE(END_OF_STREAM, 56);
    stream.writeUInt16LE(IGZIP_GZIP, 60);
    if (this.#deflate(stream) !== OK) return undefined;
    const gzipped = this.#gzipped.subarray(0, stream.readUInt32LE(28));
    const readBack = this.#inflateStream(gzipped.subarray(GZIP_HEADER_BYTES, -GZIP_TRAILER_BYTES));
    return readBack?.equals(this.content.subarray(0, length)) === true ? gzipped : undefined;
  }

  #inflateStream(deflated: Uint8Array): Buffer | undefined {
    const state = this.#inflateState;
    this.#initInflate(state);
    state.writeBigUInt64LE(this.#address(this.#readBack), 0);
    state.writeUInt32LE(this.#readBack.length, 8);
    state.writeBigUInt64LE(this.#address(deflated), 16);
    state.writeUInt32LE(deflated.length, 32);
    const isWhole = this.#inflate(state) === OK && state.readUInt32LE(32) === 0;
    return isWhole ? this.#readBack.subarray(0, state.readUInt32LE(12)) : undefined;
  }
}
