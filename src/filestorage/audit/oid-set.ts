/** Oids of one page: 256 bytes of bits. */
const OIDS_PER_PAGE = 2048;
const PAGES_PER_PREFIX = 65536 / OIDS_PER_PAGE;

/**
 * A set of oids: one bit each, where they are given out in order. A page with up to four of them is a number
 * instead, so that oids that lie far apart, as no server gives them out, don't fill the memory.
 */
export class OidSet {
  /** By the number of the page: all of the prefix, and the first bits of the suffix. */
  readonly #pages = new Map<number, Uint8Array | number>();
  #lastNumber = -1;
  #lastPage: Uint8Array | undefined;

  /**
   * Whether it was not in it before.
   *
   * @param prefix - the oid's first 6 bytes; `suffix` its last 2
   */
  add(prefix: number, suffix: number): boolean {
    const number = pageNumber(prefix, suffix);
    const offset = suffix % OIDS_PER_PAGE;
    if (number === this.#lastNumber && this.#lastPage !== undefined) {
      return addBit(this.#lastPage, offset);
    }
    const found = this.#pages.get(number) ?? 0;
    if (typeof found === 'object') {
      this.#lastNumber = number;
      this.#lastPage = found;
      return addBit(found, offset);
    }
    const few = offsetsOf(found);
    if (few.includes(offset)) return false;
    if (few.length < MOST_IN_A_NUMBER) {
      this.#pages.set(number, numberOf([...few, offset]));
      return true;
    }
    const page = new Uint8Array(OIDS_PER_PAGE / 8);
    for (const one of few) addBit(page, one);
    this.#pages.set(number, page);
    return addBit(page, offset);
  }

  /** All of them, in no order. */
  *[Symbol.iterator](): Generator<readonly [prefix: number, suffix: number]> {
    for (const [number, page] of this.#pages) {
      const prefix = Math.floor(number / PAGES_PER_PREFIX);
      const first = (number % PAGES_PER_PREFIX) * OIDS_PER_PAGE;
      const offsets = typeof page === 'number' ? offsetsOf(page) : bitsOf(page);
      for (const offset of offsets) yield [prefix, first + offset];
    }
  }

  has(prefix: number, suffix: number): boolean {
    const number = pageNumber(prefix, suffix);
    const page = number === this.#lastNumber ? this.#lastPage : this.#pages.get(number);
    if (page === undefined) return false;
    const offset = suffix % OIDS_PER_PAGE;
    if (typeof page === 'number') return offsetsOf(page).includes(offset);
    return ((page[offset >>> 3] ?? 0) & (1 << (offset & 7))) !== 0;
  }
}

/** Less than 2^53. */
function pageNumber(prefix: number, suffix: number): number {
  return prefix * PAGES_PER_PREFIX + Math.floor(suffix / OIDS_PER_PAGE);
}

function addBit(page: Uint8Array, offset: number): boolean {
  const before = page[offset >>> 3] ?? 0;
  const after = before | (1 << (offset & 7));
  page[offset >>> 3] = after;
  return after !== before;
}

function* bitsOf(page: Uint8Array): Generator<number> {
  for (const [place, byte] of page.entries()) {
    for (let bit = 0; byte >>> bit !== 0; bit++) {
      if (((byte >>> bit) & 1) === 1) yield place * 8 + bit;
    }
  }
}

const MOST_IN_A_NUMBER = 4;
/** Above all offsets: which of them are there. */
const COUNT_UNIT = OIDS_PER_PAGE ** MOST_IN_A_NUMBER;

/** Up to four offsets in one number, less than 2^53. */
function numberOf(offsets: readonly number[]): number {
  return (
    offsets.reduceRight((sum, offset) => sum * OIDS_PER_PAGE + offset, 0) +
    offsets.length * COUNT_UNIT
  );
}

function offsetsOf(number: number): readonly number[] {
  const offsets: number[] = [];
  let rest = number % COUNT_UNIT;
  for (let count = Math.floor(number / COUNT_UNIT); count > 0; count--) {
    offsets.push(rest % OIDS_PER_PAGE);
    rest = Math.floor(rest / OIDS_PER_PAGE);
  }
  return offsets;
}
