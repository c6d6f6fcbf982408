/** Random numbers that are the same for the same seed, so that a sample can be made again. */
export interface Random {
  /** At least 0, less than 1. */
  next(): number;
  /** A whole number, at least 0, less than `limit`. */
  below(limit: number): number;
  /** One of the items, of which there must be one. */
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  /** Bytes that no compressor makes smaller. */
  bytes(length: number): Buffer;
}

/** The generator known as mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const uint32 = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number) => Math.floor((uint32() / 2 ** 32) * limit);
  return {
    next: () => uint32() / 2 ** 32,
    below,
    pick: (items) => items[below(items.length)] ?? items[0],
    bytes: (length) => {
      const words = Uint32Array.from({ length: Math.ceil(length / 4) }, uint32);
      return Buffer.from(words.buffer, 0, length);
    },
  };
}
