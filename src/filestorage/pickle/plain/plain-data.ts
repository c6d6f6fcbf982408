/**
 * A Python value of no class of its own, as messages between programs have it.
 *
 * | TypeScript | Python |
 * | --- | --- |
 * | null, boolean, string, Uint8Array | None, bool, str, bytes |
 * | number | int: a safe integer |
 * | bigint | int, any other |
 * | array | tuple |
 * | Map | dict |
 */
export type PlainData =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PlainFloat
  | PlainList
  | readonly PlainData[]
  | ReadonlyMap<PlainData, PlainData>;

/** A Python float, which may have no fraction. */
export interface PlainFloat {
  readonly kind: 'float';
  readonly value: number;
}

export interface PlainList {
  readonly kind: 'list';
  readonly items: readonly PlainData[];
}

export function isTuple(value: PlainData | undefined): value is readonly PlainData[] {
  return Array.isArray(value);
}

export function isDict(value: PlainData | undefined): value is ReadonlyMap<PlainData, PlainData> {
  return value instanceof Map;
}
