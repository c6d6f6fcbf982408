import { type PickleValue, plainValue } from './pickle-value.ts';

const PLACES_PER_PAGE = 1 << 12;
const ABSENT = 0xff;
/** The value is one of those that are kept. */
const KEPT = 0xfe;

/**
 * What a pickle's memo holds. Of a value that is nothing but its kind, one byte is kept, so that an object of
 * millions of texts does not fill the memory.
 */
export class PickleMemo {
  readonly #pages = new Map<number, Uint8Array>();
  readonly #kept = new Map<number, PickleValue>();
  readonly #places: number;
  #size = 0;

  /** @param places - from here on, where no pickler puts anything, all values are kept */
  constructor(places: number) {
    this.#places = places;
  }

  /** Values in it. */
  get size(): number {
    return this.#size;
  }

  /** Whether the value itself has to be kept. */
  set(place: number, value: PickleValue): 'kept' | 'kind' {
    const isKind = value.kind === 'plain' && value.className === undefined && place < this.#places;
    if (this.get(place) === undefined) this.#size += 1;
    if (place < this.#places) {
      this.#pageOf(place)[place % PLACES_PER_PAGE] = isKind ? bitNumberOf(value.valueKind) : KEPT;
    }
    if (!isKind) this.#kept.set(place, value);
    return isKind ? 'kind' : 'kept';
  }

  get(place: number): PickleValue | undefined {
    if (place >= this.#places) return this.#kept.get(place);
    const page = this.#pages.get(Math.floor(place / PLACES_PER_PAGE));
    const code = page?.[place % PLACES_PER_PAGE] ?? ABSENT;
    if (code === ABSENT) return undefined;
    return code === KEPT ? this.#kept.get(place) : plainValue(2 ** code);
  }

  #pageOf(place: number): Uint8Array {
    const number = Math.floor(place / PLACES_PER_PAGE);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new Uint8Array(PLACES_PER_PAGE).fill(ABSENT);
      this.#pages.set(number, page);
    }
    return page;
  }
}

function bitNumberOf(kind: number): number {
  return 31 - Math.clz32(kind);
}
