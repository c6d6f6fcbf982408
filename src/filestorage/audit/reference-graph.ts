import { digestNumber, type ObjectDigest } from '../fingerprint/object-digest.ts';

const OBJECTS_PER_PAGE = 2048;
const PAGES_PER_PREFIX = 65536 / OBJECTS_PER_PAGE;
const BLOCK_SIZE = 1 << 18;
/** The bit of the last reference of an object. */
const LAST = 2 ** 31;
/** In place of the references of an object that has none. */
const NONE = 2 ** 32 - 1;
/** References an object that there is room for, on average; and how many there may be in any case. */
const ROOM_PER_OBJECT = 6;
const ROOM_AT_LEAST = 1 << 22;
/** Oids that there is room for, for each object: they are given out in order, and packs leave gaps. */
const OIDS_PER_OBJECT = 16;
const PAGES_AT_LEAST = 1 << 10;
/** As many as numbers of 31 bits can name, without the last. */
const MOST_PAGES = 2 ** 20 - 1;
/** Less than a millisecond of work. */
const OBJECTS_PER_PORTION = 1000;

/**
 * Which objects refer to which: 4 bytes an object and 4 a reference; 8 more an object where sums are kept. Each object's
 * references are added once, one after the other.
 */
export class ReferenceGraph {
  /** Number of each page: an object is the number of its page and its place there, in 31 bits. */
  readonly #pages = new Map<number, number>();
  /** Per page: where what was added of its objects begins, plus 1; 0 for none. */
  readonly #starts: Uint32Array[] = [];
  readonly #blocks: Uint32Array[] = [];
  readonly #room: number;
  readonly #mostPages: number;
  /** Numbers of 32 bits in front of an object's references. */
  readonly #sumNumbers: number;
  #size = 0;
  /** Of the object that is being added. */
  #firstReference = 0;
  #isFull = false;
  #lastPage = -1;
  #lastNumber = 0;

  constructor(objectCount: number, { hasSums = false }: { readonly hasSums?: boolean } = {}) {
    this.#sumNumbers = hasSums ? 2 : 0;
    const room = objectCount * (ROOM_PER_OBJECT + this.#sumNumbers);
    this.#room = Math.max(ROOM_AT_LEAST, room);
    const pages = Math.ceil((objectCount * OIDS_PER_OBJECT) / OBJECTS_PER_PAGE);
    this.#mostPages = Math.min(Math.max(PAGES_AT_LEAST, pages), MOST_PAGES);
  }

  /** Whether there was no room for all: then nobody knows what can be reached. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** What is added from here on are references of this object. @param digest - of which 8 bytes are kept, for sums */
  begin(oidHigh: number, oidLow: number, digest?: ObjectDigest): void {
    const owner = this.#numberOf(oidHigh, oidLow);
    const starts = this.#starts[Math.floor(owner / OBJECTS_PER_PAGE)];
    if (starts !== undefined) starts[owner % OBJECTS_PER_PAGE] = this.#size + 1;
    for (let number = 0; number < this.#sumNumbers; number++) {
      this.#push(digest === undefined ? 0 : digestNumber(digest, number));
    }
    this.#firstReference = this.#size;
  }

  add(oidHigh: number, oidLow: number): void {
    this.#push(this.#numberOf(oidHigh, oidLow));
  }

  end(): void {
    if (this.#size === this.#firstReference) this.#push(NONE);
    const last = this.#size - 1;
    const block = this.#blocks[Math.floor(last / BLOCK_SIZE)];
    if (block !== undefined) block[last % BLOCK_SIZE] = (block[last % BLOCK_SIZE] ?? 0) | LAST;
  }

  /** The objects that can be reached from the root, itself included; yields now and then. */
  *reachable(): Generator<void, ReachableObjects> {
    const reached = this.#starts.map(() => new Uint8Array(OBJECTS_PER_PAGE / 8));
    const visit = (object: number): boolean => {
      const byte = (object % OBJECTS_PER_PAGE) >>> 3;
      const bit = 1 << (object & 7);
      const page = reached[Math.floor(object / OBJECTS_PER_PAGE)];
      if (page === undefined || ((page[byte] ?? 0) & bit) !== 0) return false;
      page[byte] = (page[byte] ?? 0) | bit;
      return true;
    };
    const waiting = new Waiting();
    const root = this.#pages.get(0);
    if (root !== undefined && visit(root * OBJECTS_PER_PAGE)) {
      waiting.push(root * OBJECTS_PER_PAGE);
    }
    let looked = 0;
    let count = 0;
    let [high, low] = [0, 0];
    for (let object = waiting.pop(); object !== undefined; object = waiting.pop()) {
      looked += 1;
      if (looked % OBJECTS_PER_PORTION === 0) yield;
      const starts = this.#starts[Math.floor(object / OBJECTS_PER_PAGE)];
      const start = starts?.[object % OBJECTS_PER_PAGE] ?? 0;
      if (start === 0) continue;
      count += 1;
      let place = start - 1;
      if (this.#sumNumbers > 0) {
        low += this.#at(place + 1);
        high = (high + this.#at(place) + Math.floor(low / 2 ** 32)) % 2 ** 32;
        low %= 2 ** 32;
        place += this.#sumNumbers;
      }
      if (this.#at(place) === NONE) continue;
      for (let isLast = false; !isLast; place++) {
        const reference = this.#at(place);
        isLast = reference >= LAST;
        const target = reference % LAST;
        if (visit(target)) waiting.push(target);
      }
    }
    return {
      has: (oidHigh, oidLow) => {
        const page = reached[this.#pages.get(pageOf(oidHigh, oidLow)) ?? -1];
        return ((page?.[(oidLow % OBJECTS_PER_PAGE) >>> 3] ?? 0) & (1 << (oidLow & 7))) !== 0;
      },
      count,
      sum: inHex(high) + inHex(low),
    };
  }

  #numberOf(oidHigh: number, oidLow: number): number {
    const page = pageOf(oidHigh, oidLow);
    if (page !== this.#lastPage) {
      this.#lastNumber = this.#pages.get(page) ?? this.#addPage(page);
      this.#lastPage = page;
    }
    return this.#lastNumber * OBJECTS_PER_PAGE + (oidLow % OBJECTS_PER_PAGE);
  }

  #addPage(page: number): number {
    if (this.#starts.length === this.#mostPages) {
      this.#isFull = true;
      return 0;
    }
    const number = this.#starts.length;
    this.#pages.set(page, number);
    this.#starts.push(new Uint32Array(OBJECTS_PER_PAGE));
    return number;
  }

  #at(place: number): number {
    return this.#blocks[Math.floor(place / BLOCK_SIZE)]?.[place % BLOCK_SIZE] ?? NONE;
  }

  #push(value: number): void {
    if (this.#size === this.#room) this.#isFull = true;
    if (this.#isFull) return;
    const place = this.#size % BLOCK_SIZE;
    if (place === 0) this.#blocks.push(new Uint32Array(BLOCK_SIZE));
    const block = this.#blocks.at(-1);
    if (block !== undefined) block[place] = value;
    this.#size += 1;
  }
}

/** What {@link ReferenceGraph.reachable} has found. */
export interface ReachableObjects {
  readonly has: (oidHigh: number, oidLow: number) => boolean;
  /** Of those that were added. */
  readonly count: number;
  /** The first 8 bytes of their digests, added up modulo 2^64, in 16 hex digits; zeros where no sums are kept. */
  readonly sum: string;
}

/** Less than 2^53. */
function pageOf(oidHigh: number, oidLow: number): number {
  return oidHigh * PAGES_PER_PREFIX + Math.floor(oidLow / OBJECTS_PER_PAGE);
}

function inHex(number: number): string {
  return number.toString(16).padStart(8, '0');
}

/** Objects that are still to be looked at, last in first out. */
class Waiting {
  #items = new Uint32Array(1024);
  #size = 0;

  push(item: number): void {
    if (this.#size === this.#items.length) {
      const longer = new Uint32Array(this.#size * 2);
      longer.set(this.#items);
      this.#items = longer;
    }
    this.#items[this.#size++] = item;
  }

  pop(): number | undefined {
    return this.#size === 0 ? undefined : this.#items[--this.#size];
  }
}
