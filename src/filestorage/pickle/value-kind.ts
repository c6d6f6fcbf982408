/**
 * What a value on a pickle's stack is, as far as a class may refuse it in its state. Each is a bit, so that
 * the kinds of many values are one number.
 */
export const VALUE = {
  /** Of any class, or not known: nothing can be said against it. */
  OBJECT: 1 << 0,
  NONE: 1 << 1,
  /** 0 to 2^31 - 1, True and False. */
  UINT31: 1 << 2,
  /** -2^31 to -1. */
  NEGATIVE_INT32: 1 << 3,
  /** 2^31 to 2^32 - 1. */
  UINT32: 1 << 4,
  /** 2^32 to 2^63 - 1. */
  UINT63: 1 << 5,
  /** -2^63 to -2^31 - 1. */
  NEGATIVE_INT64: 1 << 6,
  /** 2^63 to 2^64 - 1. */
  UINT64: 1 << 7,
  /** No integer of 64 bits. */
  LARGE_INTEGER: 1 << 8,
  FLOAT: 1 << 9,
  TEXT: 1 << 10,
  BYTES: 1 << 11,
  BYTES_OF_2: 1 << 12,
  BYTES_OF_6: 1 << 13,
  /** As many as an oid has. */
  BYTES_OF_8: 1 << 14,
  GLOBAL: 1 << 15,
  TUPLE: 1 << 16,
  LIST: 1 << 17,
  DICT: 1 << 18,
  SET: 1 << 19,
  /** A persistent object, or a weak reference to one. */
  REFERENCE: 1 << 20,
} as const;

/** Several of {@link VALUE}. */
export type ValueKinds = number;

export const ALL_KINDS: ValueKinds = (1 << 21) - 1;

/** What no dict takes for a key. A tuple is as hashable as what is in it. */
export const UNHASHABLE: ValueKinds = VALUE.LIST | VALUE.DICT | VALUE.SET;
/** What items can be set in; appended to; what can be called; given a state. */
export const TAKES_ITEMS: ValueKinds = VALUE.OBJECT | VALUE.DICT | VALUE.REFERENCE;
export const TAKES_MORE: ValueKinds = VALUE.OBJECT | VALUE.LIST | VALUE.REFERENCE;
export const CALLABLE: ValueKinds = VALUE.OBJECT | VALUE.GLOBAL | VALUE.REFERENCE;
export const TAKES_STATE: ValueKinds = VALUE.OBJECT | VALUE.GLOBAL | VALUE.REFERENCE;
export const ARGUMENTS: ValueKinds = VALUE.OBJECT | VALUE.TUPLE;

/** Which of them an integer is. */
export function kindOfInteger(value: bigint): ValueKinds {
  if (value < -(2n ** 63n) || value >= 2n ** 64n) return VALUE.LARGE_INTEGER;
  if (value < -(2n ** 31n)) return VALUE.NEGATIVE_INT64;
  if (value < 0n) return VALUE.NEGATIVE_INT32;
  if (value < 2n ** 31n) return VALUE.UINT31;
  if (value < 2n ** 32n) return VALUE.UINT32;
  return value < 2n ** 63n ? VALUE.UINT63 : VALUE.UINT64;
}

/** A str of Python 2 is text or bytes to Python 3: who knows how long it is, knows enough. */
export function kindOfBytes(length: number, isOldString: boolean): ValueKinds {
  switch (length) {
    case 8:
      return VALUE.BYTES_OF_8;
    case 2:
      return isOldString ? VALUE.OBJECT : VALUE.BYTES_OF_2;
    case 6:
      return isOldString ? VALUE.OBJECT : VALUE.BYTES_OF_6;
    default:
      return isOldString ? VALUE.TEXT : VALUE.BYTES;
  }
}
