const BYTES_PER_PREFIX = 65536 / 8;

/** A set of oids: one bit each, where they are given out in order. */
export class OidSet {
  readonly #pages = new Map<number, Uint8Array>();
  #lastPrefix = -1;
  #lastPage: Uint8Array | undefined;

  /**
   * Whether it was not in it before.
   *
   * @param prefix - the oid's first 6 bytes; `suffix` its last 2
   */
  add(prefix: number, suffix: number): boolean {
    let page = prefix === this.#lastPrefix ? this.#lastPage : this.#pages.get(prefix);
    if (page === undefined) {
      page = new Uint8Array(BYTES_PER_PREFIX);
      this.#pages.set(prefix, page);
    }
    this.#lastPrefix = prefix;
    this.#lastPage = page;
    const place = suffix >>> 3;
    const before = page[place] ?? 0;
    const after = before | (1 << (suffix & 7));
    page[place] = after;
    return after !== before;
  }

  /** All of them, in no order. */
  *[Symbol.iterator](): Generator<readonly [prefix: number, suffix: number]> {
    for (const [prefix, page] of this.#pages) {
      for (const [place, byte] of page.entries()) {
        for (let bit = 0; byte >>> bit !== 0; bit++) {
          if (((byte >>> bit) & 1) === 1) yield [prefix, place * 8 + bit];
        }
      }
    }
  }

  has(prefix: number, suffix: number): boolean {
    const byte = this.#pages.get(prefix)?.[suffix >>> 3] ?? 0;
    return (byte & (1 << (suffix & 7))) !== 0;
  }
}
