/** Bytes of a block; only the last one of a stream may be shorter. */
export const BLOCK_BYTES = 1 << 20;

/** A block stays as it is until so many more were pulled: compressors work on several at a time. */
export const KEPT_BLOCKS = 10;

/** The kept ones, those that are being filled, and a few for threads that lag behind. */
const SLOTS = 16;

/** A place for one block, with the right to write and to read there until it is released. */
export interface Slot {
  readonly bytes: Uint8Array;
  release(): void;
}

/** By its memory, a block tells to which ring it belongs. */
const RINGS = new WeakMap<ArrayBufferLike, BlockRing>();

/**
 * Memory for the blocks of one stream, which threads share: nothing is copied from one to the other, and nothing is
 * allocated for each block.
 *
 * Who owns a slot: the one who got it from {@link free} fills it alone. Then everybody who reads it holds it, and no
 * one writes. When the last of them has released it, it is free again.
 */
export class BlockRing {
  readonly #memory = new SharedArrayBuffer(SLOTS * BLOCK_BYTES);
  readonly #holders = new Array<number>(SLOTS).fill(0);
  readonly #waiting: ((slot: Slot) => void)[] = [];

  constructor() {
    RINGS.set(this.#memory, this);
  }

  /** A slot that nobody holds; waits for one. It has {@link BLOCK_BYTES}. */
  free(): Promise<Slot> {
    const place = this.#holders.indexOf(0);
    if (place === -1) return new Promise((resolve) => this.#waiting.push(resolve));
    return Promise.resolve(this.#slot(place));
  }

  /** How many slots are held. */
  get heldCount(): number {
    return this.#holders.filter((count) => count > 0).length;
  }

  /** Holds the slot in which a block lies. */
  hold(block: Uint8Array): Slot {
    const slot = this.#slot(Math.floor(block.byteOffset / BLOCK_BYTES));
    return { bytes: block, release: slot.release };
  }

  #slot(place: number): Slot {
    this.#holders[place] = (this.#holders[place] ?? 0) + 1;
    let isHeld = true;
    return {
      bytes: new Uint8Array(this.#memory, place * BLOCK_BYTES, BLOCK_BYTES),
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#holders[place] = (this.#holders[place] ?? 0) - 1;
        if (this.#holders[place] === 0) this.#waiting.shift()?.(this.#slot(place));
      },
    };
  }
}

/** The ring of a block; undefined for bytes that lie elsewhere. */
export function ringOf(block: Uint8Array): BlockRing | undefined {
  return RINGS.get(block.buffer);
}
