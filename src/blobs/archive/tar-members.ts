import { Failure } from '../../system/failure.ts';
import type { ByteRange, ByteSource } from '../../system/files/byte-source.ts';

/** A file in an archive, which can be read where it lies. */
export interface TarMember {
  readonly path: string;
  /** Of the file, holes included. */
  readonly sizeBytes: number;
  /** What is stored of it, in order. Between them are zeros. */
  readonly pieces: readonly TarPiece[];
}

export interface TarPiece {
  /** Where in the file. */
  readonly offset: number;
  /** Where in the archive. */
  readonly range: ByteRange;
}

/** The header of a member: see "Basic Tar Format" of GNU tar's manual, and `SparseMembers` for files with holes. */
const BLOCK_BYTES = 512;
const NAME = { start: 0, end: 100 };
const SIZE = { start: 124, end: 136 };
const CHECKSUM = { start: 148, end: 156 };
const TYPE_AT = 156;
const MAGIC = { start: 257, end: 262 };
const PREFIX = { start: 345, end: 500 };
const REAL_SIZE = { start: 483, end: 495 };
const IN_HEADER = { mapAt: 386, pieces: 4, moreAt: 482 };
const IN_EXTENSION = { mapAt: 0, pieces: 21, moreAt: 504 };
const NUMBER_BYTES = 12;
const PLAIN_TYPES = ['0', '\0', '7'];
/** Longer names are none of a blob. */
const LONGEST_NAME_BYTES = 1 << 16;

/**
 * The files of an archive that isn't compressed, header by header: their content is passed over. Those of which the
 * name or the map stands in records of POSIX are left out: no blob has such a name. Failure `damaged` where it is cut
 * off, or a header is broken.
 */
export async function* tarMembers(source: ByteSource): AsyncGenerator<TarMember> {
  let longName: string | undefined;
  let isOfPosix = false;
  let at = 0;
  for (;;) {
    const header = await blockAt(source, at);
    if (header.every((byte) => byte === 0)) return;
    if (!isHeader(header)) throw broken(source, at);
    const type = header.toString('latin1', TYPE_AT, TYPE_AT + 1);
    const storedBytes = numberIn(source, header, SIZE);
    let begin = at + BLOCK_BYTES;
    if (type === 'L') longName = await nameIn(source, { start: begin, end: begin + storedBytes });
    else {
      const path = longName ?? nameOf(header);
      const map = type === 'S' ? await readMap(source, { header, at }) : undefined;
      begin = map?.end ?? begin;
      if (begin + storedBytes > source.sizeBytes) throw broken(source, source.sizeBytes);
      const pieces = piecesOf(map?.pieces ?? [{ offset: 0, length: storedBytes }], begin);
      const sizeBytes = map === undefined ? storedBytes : numberIn(source, header, REAL_SIZE);
      if (!isOfPosix && (map !== undefined || PLAIN_TYPES.includes(type)))
        yield { path, sizeBytes, pieces };
      longName = undefined;
      isOfPosix = type === 'x';
    }
    at = begin + Math.ceil(storedBytes / BLOCK_BYTES) * BLOCK_BYTES;
  }
}

/** The content of a file of an archive. */
export async function* readTarMember(
  source: ByteSource,
  { sizeBytes, pieces }: TarMember,
): AsyncGenerator<Uint8Array> {
  let position = 0;
  for (const { offset, range } of pieces) {
    yield* zeros(offset - position);
    yield* source.stream(range);
    position = offset + range.end - range.start;
  }
  yield* zeros(sizeBytes - position);
}

function* zeros(length: number): Generator<Uint8Array> {
  const most = 1 << 16;
  for (let left = length; left > 0; left -= most) yield new Uint8Array(Math.min(left, most));
}

interface MapEntry {
  readonly offset: number;
  readonly length: number;
}

async function readMap(
  source: ByteSource,
  { header, at }: { readonly header: Buffer; readonly at: number },
): Promise<{ readonly pieces: readonly MapEntry[]; readonly end: number }> {
  const pieces = [...mapIn(source, header, IN_HEADER)];
  let end = at + BLOCK_BYTES;
  let isMore = header[IN_HEADER.moreAt] !== 0;
  while (isMore) {
    const block = await blockAt(source, end);
    pieces.push(...mapIn(source, block, IN_EXTENSION));
    isMore = block[IN_EXTENSION.moreAt] !== 0;
    end += BLOCK_BYTES;
  }
  return { pieces, end };
}

function* mapIn(
  source: ByteSource,
  block: Buffer,
  { mapAt, pieces }: { readonly mapAt: number; readonly pieces: number },
): Generator<MapEntry> {
  for (let piece = 0; piece < pieces; piece++) {
    const start = mapAt + 2 * piece * NUMBER_BYTES;
    const middle = start + NUMBER_BYTES;
    const offset = numberIn(source, block, { start, end: middle });
    const length = numberIn(source, block, { start: middle, end: middle + NUMBER_BYTES });
    if (length > 0) yield { offset, length };
  }
}

/** One after the other, as they are stored. */
function piecesOf(map: readonly MapEntry[], begin: number): readonly TarPiece[] {
  let start = begin;
  return map.map(({ offset, length }) => {
    const range = { start, end: start + length };
    start = range.end;
    return { offset, range };
  });
}

async function blockAt(source: ByteSource, at: number): Promise<Buffer> {
  const end = at + BLOCK_BYTES;
  if (end > source.sizeBytes) throw broken(source, at);
  const bytes = await source.read({ start: at, end });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function nameIn(source: ByteSource, range: ByteRange): Promise<string> {
  if (range.end - range.start > LONGEST_NAME_BYTES || range.end > source.sizeBytes) {
    throw broken(source, range.start);
  }
  return textOf(Buffer.from(await source.read(range)));
}

function nameOf(header: Buffer): string {
  const name = textOf(header.subarray(NAME.start, NAME.end));
  const isPosix = header.toString('latin1', MAGIC.start, MAGIC.end + 1) === 'ustar\0';
  const prefix = isPosix ? textOf(header.subarray(PREFIX.start, PREFIX.end)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

function isHeader(header: Buffer): boolean {
  let sum = 0;
  for (const [at, byte] of header.entries()) {
    sum += at >= CHECKSUM.start && at < CHECKSUM.end ? 0x20 : byte;
  }
  const written = textOf(header.subarray(CHECKSUM.start, CHECKSUM.end)).trim();
  return /^[0-7]+$/.test(written) && Number.parseInt(written, 8) === sum;
}

/** Octal digits; or, behind a byte 0x80, a number in big endian. Nothing: 0. */
function numberIn(source: ByteSource, block: Buffer, { start, end }: ByteRange): number {
  const field = block.subarray(start, end);
  const text = textOf(field).trim();
  if (/^[0-7]*$/.test(text)) return Number.parseInt(text || '0', 8);
  const number = Number(field.readBigUInt64BE(NUMBER_BYTES - 8));
  if (field[0] === 0x80 && Number.isSafeInteger(number)) return number;
  throw broken(source, start);
}

function broken({ name }: ByteSource, at: number): Failure {
  return new Failure('damaged', `Cannot use the archive "${name}": no header stands at ${at}`, {
    hint: 'Use another backup, or bring this file back from a copy.',
  });
}
