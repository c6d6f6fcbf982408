import { type Oid, oidFromParts } from '../oid.ts';
import type { Tid } from '../tid.ts';

/** A revision of a blob: what names its file. */
export interface BlobRevision {
  readonly oid: Oid;
  readonly tid: Tid;
}

const EMPTY_SLOT = -1;

/** The blob records of a log, each of which must have a file: 18 bytes each, and 8 where one is looked up. */
export class BlobRevisions {
  #oidHigh = new Float64Array(64);
  #oidLow = new Uint16Array(64);
  #tidHigh = new Uint32Array(64);
  #tidLow = new Uint32Array(64);
  #count = 0;
  /** Rows by hash, open addressing; made when it is first asked. */
  #slots: Int32Array | undefined;

  get count(): number {
    return this.#count;
  }

  add(
    oid: { readonly high: number; readonly low: number },
    tid: { readonly high: number; readonly low: number },
  ): void {
    if (this.#count === this.#oidLow.length) this.#grow();
    const row = this.#count++;
    this.#oidHigh[row] = oid.high;
    this.#oidLow[row] = oid.low;
    this.#tidHigh[row] = tid.high;
    this.#tidLow[row] = tid.low;
    this.#slots = undefined;
  }

  revision(row: number): BlobRevision {
    const oid = oidFromParts(this.#oidHigh[row] ?? 0, this.#oidLow[row] ?? 0);
    const tid = ((BigInt(this.#tidHigh[row] ?? 0) << 32n) | BigInt(this.#tidLow[row] ?? 0)) as Tid;
    return { oid, tid };
  }

  /** The row of a revision; undefined where the log has none. */
  find({ oid, tid }: BlobRevision): number | undefined {
    this.#slots ??= this.#hashed();
    const slots = this.#slots;
    const tidHigh = Number(tid >> 32n);
    const tidLow = Number(tid & 0xffffffffn);
    const oidHigh = Number(oid >> 16n);
    const oidLow = Number(oid & 0xffffn);
    let slot = slotOf({ oidLow, tidHigh, tidLow }, slots.length);
    for (;;) {
      const row = slots[slot] ?? EMPTY_SLOT;
      if (row === EMPTY_SLOT) return undefined;
      const isIt =
        this.#oidLow[row] === oidLow &&
        this.#oidHigh[row] === oidHigh &&
        this.#tidLow[row] === tidLow &&
        this.#tidHigh[row] === tidHigh;
      if (isIt) return row;
      slot = (slot + 1) % slots.length;
    }
  }

  #hashed(): Int32Array {
    const slots = new Int32Array(Math.max(16, this.#count * 2)).fill(EMPTY_SLOT);
    for (let row = 0; row < this.#count; row++) {
      const parts = {
        oidLow: this.#oidLow[row] ?? 0,
        tidHigh: this.#tidHigh[row] ?? 0,
        tidLow: this.#tidLow[row] ?? 0,
      };
      let slot = slotOf(parts, slots.length);
      while (slots[slot] !== EMPTY_SLOT) slot = (slot + 1) % slots.length;
      slots[slot] = row;
    }
    return slots;
  }

  #grow(): void {
    const size = this.#count * 2;
    const longer = <T extends Float64Array | Uint32Array | Uint16Array>(column: T, next: T): T => {
      next.set(column);
      return next;
    };
    this.#oidHigh = longer(this.#oidHigh, new Float64Array(size));
    this.#oidLow = longer(this.#oidLow, new Uint16Array(size));
    this.#tidHigh = longer(this.#tidHigh, new Uint32Array(size));
    this.#tidLow = longer(this.#tidLow, new Uint32Array(size));
  }
}

function slotOf(
  { oidLow, tidHigh, tidLow }: { oidLow: number; tidHigh: number; tidLow: number },
  slots: number,
): number {
  const mixed = Math.imul(oidLow, 0x9e3779b1) ^ Math.imul(tidLow, 0x85ebca6b) ^ tidHigh;
  return (Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35) >>> 0) % slots;
}
