const OBJECTS_PER_PREFIX = 65536;
const BLOCK_SIZE = 1 << 18;
/** Ends an object's references. */
const END = 0xffffffff;
/** References an object that there is room for, on average; and how many there may be in any case. */
const ROOM_PER_OBJECT = 5;
const ROOM_AT_LEAST = 1 << 22;
/** Less than a millisecond of work. */
const OBJECTS_PER_PORTION = 1000;

/**
 * Which objects refer to which: 4 bytes an object and 4 a reference. Each object's references are added
 * once, one after the other.
 */
export class ReferenceGraph {
  /** Number of each prefix: an object is the number of its prefix and its suffix, in 32 bits. */
  readonly #prefixes = new Map<number, number>();
  /** Per prefix: where the references of its objects begin, plus 1; 0 for none. */
  readonly #starts: Uint32Array[] = [];
  readonly #blocks: Uint32Array[] = [];
  readonly #room: number;
  #size = 0;
  #isFull = false;
  #owner = 0;

  constructor(objectCount: number) {
    this.#room = Math.max(ROOM_AT_LEAST, objectCount * (ROOM_PER_OBJECT + 1));
  }

  /** Whether there was no room for all: then nobody knows what can be reached. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** What is added from here on are references of this object. */
  begin(oidHigh: number, oidLow: number): void {
    this.#owner = this.#numberOf(oidHigh, oidLow);
    const starts = this.#starts[Math.floor(this.#owner / OBJECTS_PER_PREFIX)];
    if (starts !== undefined) starts[oidLow] = this.#size + 1;
  }

  add(oidHigh: number, oidLow: number): void {
    this.#push(this.#numberOf(oidHigh, oidLow));
  }

  end(): void {
    this.#push(END);
  }

  /** The objects that can be reached from the root, itself included; yields now and then. */
  *reachable(): Generator<void, ReachableObjects> {
    const reached = this.#starts.map(() => new Uint8Array(OBJECTS_PER_PREFIX / 8));
    const visit = (object: number): boolean => {
      const byte = (object % OBJECTS_PER_PREFIX) >>> 3;
      const bit = 1 << (object & 7);
      const page = reached[Math.floor(object / OBJECTS_PER_PREFIX)];
      if (page === undefined || ((page[byte] ?? 0) & bit) !== 0) return false;
      page[byte] = (page[byte] ?? 0) | bit;
      return true;
    };
    const waiting = new Waiting();
    const root = this.#prefixes.get(0);
    if (root !== undefined && visit(root * OBJECTS_PER_PREFIX)) {
      waiting.push(root * OBJECTS_PER_PREFIX);
    }
    let count = 0;
    for (let object = waiting.pop(); object !== undefined; object = waiting.pop()) {
      count += 1;
      if (count % OBJECTS_PER_PORTION === 0) yield;
      const starts = this.#starts[Math.floor(object / OBJECTS_PER_PREFIX)];
      const start = starts?.[object % OBJECTS_PER_PREFIX] ?? 0;
      if (start === 0) continue;
      for (let place = start - 1; this.#at(place) !== END; place++) {
        const target = this.#at(place);
        if (visit(target)) waiting.push(target);
      }
    }
    return {
      has: (oidHigh, oidLow) => {
        const page = reached[this.#prefixes.get(oidHigh) ?? -1];
        return ((page?.[oidLow >>> 3] ?? 0) & (1 << (oidLow & 7))) !== 0;
      },
    };
  }

  #numberOf(oidHigh: number, oidLow: number): number {
    let prefix = this.#prefixes.get(oidHigh);
    if (prefix === undefined) {
      prefix = this.#starts.length;
      this.#prefixes.set(oidHigh, prefix);
      this.#starts.push(new Uint32Array(OBJECTS_PER_PREFIX));
    }
    return prefix * OBJECTS_PER_PREFIX + oidLow;
  }

  #at(place: number): number {
    return this.#blocks[Math.floor(place / BLOCK_SIZE)]?.[place % BLOCK_SIZE] ?? END;
  }

  #push(value: number): void {
    if (this.#size === this.#room || this.#starts.length > OBJECTS_PER_PREFIX - 1) {
      this.#isFull = true;
      return;
    }
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
