import { VALUE } from './value-kind.ts';

/**
 * A value on the stack is a number: in its last bits the number of the bit that its kind is in {@link VALUE},
 * and above them where it stands in the pickle, or for a tuple its row in the table of tuples, or for a
 * reference where its class stands, 0 if nobody says.
 */
export const KIND_BITS = 5;
export const KIND_MASK = (1 << KIND_BITS) - 1;

export const NONE = numberOf(VALUE.NONE);
export const OBJECT = numberOf(VALUE.OBJECT);
export const UINT31 = numberOf(VALUE.UINT31);
export const NEGATIVE_INT32 = numberOf(VALUE.NEGATIVE_INT32);
export const TEXT = numberOf(VALUE.TEXT);
export const BYTES = numberOf(VALUE.BYTES);
export const OID = numberOf(VALUE.BYTES_OF_8);
export const GLOBAL = numberOf(VALUE.GLOBAL);
export const TUPLE = numberOf(VALUE.TUPLE);
export const LIST = numberOf(VALUE.LIST);
export const DICT = numberOf(VALUE.DICT);
export const REFERENCE = numberOf(VALUE.REFERENCE);

/** Longest pickle of which the places fit into a value. */
export const MAXIMUM_BYTES = 2 ** (31 - KIND_BITS);

/** In place of a value or an offset: this pickle is one for the pickle machine. */
export const DOUBT = -1;

/** The number of the bit that a kind is. */
export function numberOf(kind: number): number {
  return 31 - Math.clz32(kind);
}

/** The kind of a value on the stack, as one of {@link VALUE}. */
export function kindOf(value: number | undefined): number {
  return 1 << ((value ?? OBJECT) & KIND_MASK);
}

/** The number of the kind of an integer of so many bytes, the least first. */
export function kindOfLong(bytes: Uint8Array, start: number, length: number): number {
  if (length > 8) return numberOf(VALUE.LARGE_INTEGER);
  if (length === 0) return UINT31;
  const last = bytes[start + length - 1] ?? 0;
  let high = 0;
  for (let place = 4; place < length; place++) high |= bytes[start + place] ?? 0;
  // What is written longer than it must be is none of a pickler's, and for the other machine.
  const isLong = length > 5 || (length === 5 && last !== 0) || high !== 0;
  const isNegative = last >= 0x80;
  if (!isLong) {
    if (length < 4) return isNegative ? NEGATIVE_INT32 : UINT31;
    const top = bytes[start + 3] ?? 0;
    if (length === 5) return top >= 0x80 ? numberOf(VALUE.UINT32) : UINT31;
    return isNegative ? NEGATIVE_INT32 : UINT31;
  }
  return numberOf(isNegative ? VALUE.NEGATIVE_INT64 : VALUE.UINT63);
}
