import { endianness } from 'node:os';
import type { ByteRange } from '../../system/files/byte-source.ts';
import type { Tid } from '../tid.ts';
import type { LogRecords } from './log-records.ts';
import { ROW_NUMBERS } from './record-rows.ts';

/**
 * The file with the records of a part of a log: so that nobody has to read all of that part to find one. All numbers are
 * little-endian.
 *
 * | bytes | |
 * | --- | --- |
 * | 0 to 7 | `ZVRECS1` and a newline |
 * | 8 to 15, 16 to 23 | where the part begins and ends in the log |
 * | 24 to 31, 32 to 39 | number of transactions, of records |
 * | 16 for each transaction | position, tid; in the order of the log |
 * | 20 for each record | {@link RecordRows}: oid (8), position (8), bytes of its data (4); by oid, then by position |
 */
const MAGIC = Buffer.from('ZVRECS1\n', 'latin1');
const HEADER_NUMBERS = 10;
const TRANSACTION_NUMBERS = 4;

/** @param records - they are sorted */
export function* encodeRecordIndex(
  { rows, transactions }: LogRecords,
  { start, end }: ByteRange,
): Generator<Uint8Array> {
  const header = new Uint32Array(HEADER_NUMBERS - 2);
  for (const [place, value] of [start, end, transactions.count, rows.count].entries()) {
    setNumber(header, 2 * place, value);
  }
  yield MAGIC;
  yield littleEndian(header);
  const table = new Uint32Array(transactions.count * TRANSACTION_NUMBERS);
  for (let row = 0; row < transactions.count; row++) {
    const tid = transactions.tid(row);
    setNumber(table, row * TRANSACTION_NUMBERS, transactions.position(row));
    table[row * TRANSACTION_NUMBERS + 2] = Number(tid & 0xffff_ffffn);
    table[row * TRANSACTION_NUMBERS + 3] = Number(tid >> 32n);
  }
  yield littleEndian(table);
  for (const piece of rows.pieces()) yield littleEndian(piece);
}

/**
 * Adds what such a file holds to what is known of the parts in front of it. False where it is none, or one of another
 * part: then nothing is added.
 *
 * @param bytes - all of it, which the caller knows to be what was written
 */
export function addRecordIndex(
  { rows, transactions }: LogRecords,
  { bytes, range }: { readonly bytes: Uint8Array; readonly range: ByteRange },
): boolean {
  const isWhole = bytes.length >= 4 * HEADER_NUMBERS && bytes.length % 4 === 0;
  if (!isWhole || !MAGIC.equals(bytes.subarray(0, MAGIC.length))) return false;
  const numbers = numbersOf(bytes);
  const [start, end] = [numberAt(numbers, 2), numberAt(numbers, 4)];
  const count = numberAt(numbers, 6);
  const begin = HEADER_NUMBERS + count * TRANSACTION_NUMBERS;
  const size = begin + numberAt(numbers, 8) * ROW_NUMBERS;
  if (start !== range.start || end !== range.end || size !== numbers.length) return false;
  for (let at = HEADER_NUMBERS; at < begin; at += TRANSACTION_NUMBERS) {
    const tid = (BigInt(numbers[at + 3] ?? 0) << 32n) | BigInt(numbers[at + 2] ?? 0);
    transactions.add(numberAt(numbers, at), tid as Tid);
  }
  rows.addAll(numbers.subarray(begin));
  return true;
}

function setNumber(target: Uint32Array, place: number, value: number): void {
  target[place] = value >>> 0;
  target[place + 1] = Math.floor(value / 2 ** 32);
}

function numberAt(numbers: Uint32Array, place: number): number {
  return (numbers[place] ?? 0) + (numbers[place + 1] ?? 0) * 2 ** 32;
}

const IS_LITTLE = endianness() === 'LE';

function littleEndian(numbers: Uint32Array): Uint8Array {
  const bytes = Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  return IS_LITTLE ? bytes : Buffer.from(bytes).swap32();
}

function numbersOf(bytes: Uint8Array): Uint32Array {
  const aligned = IS_LITTLE && bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  if (!IS_LITTLE) Buffer.from(aligned.buffer).swap32();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
