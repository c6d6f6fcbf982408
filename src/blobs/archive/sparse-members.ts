import type { Header } from 'tar';
import type { Failure } from '../../system/failure.ts';

/**
 * GNU tar's member of a file with holes (`tar.h` and "Storing Sparse Files" of its manual):
 *
 * | bytes | of the header |
 * | --- | --- |
 * | 124..135 | bytes that are stored: those of the file without its holes |
 * | 156 | `S` |
 * | 386..481 | 4 pieces of the map: where in the file, how many bytes; 12 bytes for each number |
 * | 482 | 1: a block with more of the map follows |
 * | 483..494 | bytes of the file |
 *
 * Such a block has 21 pieces, and at 504 whether another one follows.
 */
const BLOCK_BYTES = 512;
const MAGIC = 'ustar  \0';
const MAGIC_AT = 257;
const TYPE_AT = 156;
const SPARSE = 'S';
/** A type of POSIX for files, which GNU tar never writes: the parser shows such members under it. */
const SHOWN_AS = '7';
const CHECKSUM = { start: 148, end: 156 };
const FILE_SIZE_AT = 483;
const IN_HEADER = { mapAt: 386, pieces: 4, moreAt: 482 };
const IN_EXTENSION = { mapAt: 0, pieces: 21, moreAt: 504 };
const NUMBER_BYTES = 12;

/** A member with holes of which all of the map has not come yet. */
interface OpenMember {
  readonly header: Buffer;
  readonly storedBytes: number;
  readonly mappedBytes: number;
}

/**
 * Takes the maps of files with holes out of an archive, so that its parser finds plain members, and tells how many
 * bytes the files have. All else passes unchanged.
 */
export class SparseMembers {
  readonly #header: typeof Header;
  readonly #faultOf: (state: string) => Failure;
  /** Of the members of the type {@link SHOWN_AS} that were not asked for yet, in their order. */
  readonly #fileBytes: number[] = [];
  /** What has come of a block that isn't whole. */
  #begun: Buffer = Buffer.alloc(0);
  /** Bytes of the member that pass before the next header. */
  #passing = 0;
  #open: OpenMember | undefined;
  /** Archives of POSIX keep sizes elsewhere, and have no such members. */
  #isPosix = false;

  constructor(header: typeof Header, { fault }: { readonly fault: (state: string) => Failure }) {
    this.#header = header;
    this.#faultOf = fault;
  }

  /** What the parser gets of a piece of the archive. */
  *pass(chunk: Buffer): Generator<Buffer> {
    /** Where what passes unchanged begins. */
    let from = 0;
    let at = 0;
    while (at < chunk.length && !this.#isPosix) {
      if (this.#passing > 0) {
        const length = Math.min(this.#passing, chunk.length - at);
        this.#passing -= length;
        at += length;
        continue;
      }
      const isHere = this.#begun.length === 0 && chunk.length - at >= BLOCK_BYTES;
      const part = chunk.subarray(at, at + BLOCK_BYTES - this.#begun.length);
      const block = isHere ? part : Buffer.concat([this.#begun, part]);
      this.#begun = block.length < BLOCK_BYTES ? block : Buffer.alloc(0);
      const shown = block.length < BLOCK_BYTES ? undefined : this.#show(block);
      if (!isHere || shown !== block) {
        if (from < at) yield chunk.subarray(from, at);
        if (shown !== undefined) yield shown;
        from = at + part.length;
      }
      at += part.length;
    }
    if (from < chunk.length) yield chunk.subarray(from);
  }

  /** Bytes of the file of the next member of that type, of which so many are stored. */
  nextFileBytes(storedBytes: number): number {
    return this.#fileBytes.shift() ?? storedBytes;
  }

  /** What the parser gets for a header, or a block of a map; undefined: nothing. */
  #show(block: Buffer): Buffer | undefined {
    if (this.#open !== undefined) {
      const mappedBytes = this.#open.mappedBytes + this.#mappedIn(block, IN_EXTENSION);
      const isMore = block[IN_EXTENSION.moreAt] !== 0;
      return this.#follow({ ...this.#open, mappedBytes }, { isMore });
    }
    const header = this.#headerOf(block);
    if (header.nullBlock || header.cksumValid !== true) return block;
    const type = block.toString('latin1', TYPE_AT, TYPE_AT + 1);
    this.#isPosix = type === 'x' || type === 'g';
    const storedBytes = header.size ?? 0;
    if (type === SHOWN_AS) this.#fileBytes.push(storedBytes);
    const isGnu = block.toString('latin1', MAGIC_AT, MAGIC_AT + MAGIC.length) === MAGIC;
    if (type !== SPARSE || !isGnu) {
      this.#passing = inBlocks(storedBytes);
      return block;
    }
    this.#fileBytes.push(this.#numberIn(block, FILE_SIZE_AT));
    const member = {
      header: shownAs(block),
      storedBytes,
      mappedBytes: this.#mappedIn(block, IN_HEADER),
    };
    return this.#follow(member, { isMore: block[IN_HEADER.moreAt] !== 0 });
  }

  #headerOf(block: Buffer): Header {
    try {
      return new this.#header(block, 0);
    } catch (error) {
      // The library throws where a number is no number.
      if (error instanceof Error) throw this.#faultOf(`a header is broken: ${error.message}`);
      throw error;
    }
  }

  #follow(member: OpenMember, { isMore }: { readonly isMore: boolean }): Buffer | undefined {
    this.#open = isMore ? member : undefined;
    if (isMore) return undefined;
    this.#passing = inBlocks(member.storedBytes);
    if (member.mappedBytes !== member.storedBytes) {
      throw this.#faultOf('the map of a file with holes is wrong');
    }
    return member.header;
  }

  #mappedIn(
    block: Buffer,
    { mapAt, pieces }: { readonly mapAt: number; readonly pieces: number },
  ): number {
    let bytes = 0;
    for (let piece = 0; piece < pieces; piece += 1) {
      bytes += this.#numberIn(block, mapAt + (2 * piece + 1) * NUMBER_BYTES);
    }
    return bytes;
  }

  /** Octal digits; or, behind a byte 0x80, a number in big endian. Nothing: 0. */
  #numberIn(block: Buffer, at: number): number {
    const field = block.subarray(at, at + NUMBER_BYTES);
    const text = field.toString('latin1').replace(/[\0 ]+$/, '');
    if (/^[0-7]*$/.test(text)) return Number.parseInt(text || '0', 8);
    const number = Number(field.readBigUInt64BE(NUMBER_BYTES - 8));
    if (field[0] === 0x80 && Number.isSafeInteger(number)) return number;
    throw this.#faultOf('the map of a file with holes is wrong');
  }
}

/** What so many bytes take in an archive. */
function inBlocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** The same header, of a plain member. */
function shownAs(block: Buffer): Buffer {
  const header = Buffer.from(block);
  header.write(SHOWN_AS, TYPE_AT, 'latin1');
  header.fill(' ', CHECKSUM.start, CHECKSUM.end);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM.start, 'latin1');
  return header;
}
