import crypto, { createHash, type Hash } from 'node:crypto';
import type { Oid } from '../oid.ts';
import type { PickleRecord } from '../scan-visitor.ts';
import type { Tid } from '../tid.ts';

/** Of an oid and a tid. */
const NAME_BYTES = 16;

/** The oid and the tid of an object, as a record has them: 8 bytes each. */
export type ObjectName = Uint8Array;

export function nameOfRecord({ row, records }: PickleRecord): ObjectName {
  const name = Buffer.allocUnsafe(NAME_BYTES);
  name.writeUIntBE(records.oidHigh(row), 0, 6);
  name.writeUInt16BE(records.oidLow(row), 6);
  name.writeUInt32BE(records.tidHigh(row), 8);
  name.writeUInt32BE(records.tidLow(row), 12);
  return name;
}

export function nameOfObject(oid: Oid, tid: Tid): ObjectName {
  const name = Buffer.allocUnsafe(NAME_BYTES);
  name.writeBigUInt64BE(oid);
  name.writeBigUInt64BE(tid, 8);
  return name;
}

/** The sha256 of an object: oid, tid, data; a byte in each of 32 characters, which takes V8 the least time. */
export type ObjectDigest = string;

export function digestOf(name: ObjectName, data: Uint8Array): ObjectDigest {
  const length = NAME_BYTES + data.length;
  if (length > LARGEST_AT_ONCE) return beginDigest(name).update(data).digest('binary');
  SCRATCH.set(name);
  SCRATCH.set(data, NAME_BYTES);
  return sha256(SCRATCH.subarray(0, length));
}

/** The same for an object of which the data is still to come. */
export function beginDigest(name: ObjectName): Hash {
  return createHash('sha256').update(name);
}

/** 32 bits of it. @param number - 0 to 7 */
export function digestNumber(digest: ObjectDigest, number: number): number {
  const at = 4 * number;
  const first = (digest.charCodeAt(at) << 8) | digest.charCodeAt(at + 1);
  return first * 2 ** 16 + ((digest.charCodeAt(at + 2) << 8) | digest.charCodeAt(at + 3));
}

/** Beyond that, a copy costs more than a `Hash`. */
const LARGEST_AT_ONCE = 1 << 16;
const SCRATCH = Buffer.alloc(LARGEST_AT_ONCE);

/** Node 20.12 and later have a function that makes no object for it, and takes a third of the time. */
const sha256: (data: Uint8Array) => ObjectDigest =
  crypto.hash === undefined
    ? (data) => createHash('sha256').update(data).digest('binary')
    : (data) => crypto.hash('sha256', data, 'binary');
