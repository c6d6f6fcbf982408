import { randomInt } from 'node:crypto';
import { type Oid, oidFrom } from '../../filestorage/oid.ts';
import { decodeTid, type Tid } from '../../filestorage/tid.ts';
import type { BlobName } from './keys.ts';

/** A revision of a blob that a copy has. */
export interface BlobEntry extends BlobName {
  readonly oid: Oid;
  readonly tid: Tid;
  /** Of the blob. */
  readonly sizeBytes: number;
  /** In hex, of the bytes as they are stored. */
  readonly sha256: string;
  /**
   * What follows the tid in its key. Absent in the first object of a revision; others have one, so that no object is
   * ever written over: those whose content differs from what the copy has under the same oid and tid, and what a
   * killed run has left in a form whose bytes differ each time.
   */
  readonly suffix?: string | undefined;
  /** Of the object, where that isn't the blob as it is. */
  readonly storedBytes?: number | undefined;
}

/** What tells one revision from another. */
type Revision = Pick<BlobEntry, 'oid' | 'tid'>;

/**
 * | bytes of a row | |
 * | --- | --- |
 * | 0 to 7 | oid |
 * | 8 to 15 | tid |
 * | 16 to 47 | sha256 |
 * | 48 to 55 | size of the blob |
 * | 56 to 63 | size of the object; no number: it is the blob as it is |
 */
const [TID_AT, SHA256_AT, SIZE_AT, STORED_AT, ROW_BYTES] = [8, 16, 48, 56, 64];
/** Rows are in blocks, which stay where they are while the list grows. */
const BLOCK_ROWS = 4096;
const FIRST_SLOTS = 64;
/** Odd, and others in each process: nobody can write a list whose rows all want the same slot. */
const FACTORS = [0, 1, 2, 3].map(() => randomInt(2 ** 31) * 2 + 1);

/**
 * Revisions of blobs, each of them once, in the order in which they came: in 64 bytes and a number, where objects take
 * some 250. There may be a million.
 */
export class BlobList implements Iterable<BlobEntry> {
  readonly #blocks: DataView[] = [];
  readonly #suffixes = new Map<number, string>();
  /** By the hash of a revision: the number of its row, from 1 on; 0: free. At most half of them are taken. */
  #slots = new Uint32Array(FIRST_SLOTS);
  #length = 0;

  static of(entries: Iterable<BlobEntry>): BlobList {
    const list = new BlobList();
    for (const entry of entries) list.add(entry);
    return list;
  }

  get length(): number {
    return this.#length;
  }

  /** In place of what the list has of this revision. */
  add(entry: BlobEntry): void {
    const slot = this.#slotOf(entry);
    const known = this.#slots[slot] ?? 0;
    const number = known > 0 ? known - 1 : this.#length;
    this.#write(entry, number);
    if (known > 0) return;
    this.#slots[slot] = ++this.#length;
    if (this.#length * 2 >= this.#slots.length) this.#spread();
  }

  find(revision: Revision): BlobEntry | undefined {
    const known = this.#slots[this.#slotOf(revision)] ?? 0;
    return known > 0 ? this.at(known - 1) : undefined;
  }

  has(revision: Revision): boolean {
    return this.#slots[this.#slotOf(revision)] !== 0;
  }

  /** @param number - from 0 on, below {@link length} */
  at(number: number): BlobEntry {
    const { view, at } = this.#row(number);
    const sha256 = Buffer.from(view.buffer, at + SHA256_AT, SIZE_AT - SHA256_AT);
    const storedBytes = view.getFloat64(at + STORED_AT);
    return {
      oid: oidFrom(view.getBigUint64(at)),
      tid: decodeTid(view, at + TID_AT),
      sizeBytes: view.getFloat64(at + SIZE_AT),
      sha256: sha256.toString('hex'),
      suffix: this.#suffixes.get(number),
      storedBytes: Number.isNaN(storedBytes) ? undefined : storedBytes,
    };
  }

  *[Symbol.iterator](): Generator<BlobEntry, undefined> {
    for (let number = 0; number < this.#length; number += 1) yield this.at(number);
  }

  #write({ oid, tid, sizeBytes, sha256, suffix, storedBytes }: BlobEntry, number: number): void {
    if (number === this.#blocks.length * BLOCK_ROWS)
      this.#blocks.push(new DataView(new ArrayBuffer(BLOCK_ROWS * ROW_BYTES)));
    const { view, at } = this.#row(number);
    view.setBigUint64(at, oid);
    view.setBigUint64(at + TID_AT, tid);
    Buffer.from(view.buffer, at + SHA256_AT).write(sha256, 'hex');
    view.setFloat64(at + SIZE_AT, sizeBytes);
    view.setFloat64(at + STORED_AT, storedBytes ?? Number.NaN);
    if (suffix === undefined) this.#suffixes.delete(number);
    else this.#suffixes.set(number, suffix);
  }

  #row(number: number): { readonly view: DataView; readonly at: number } {
    const view = this.#blocks[Math.floor(number / BLOCK_ROWS)];
    if (view === undefined) throw new RangeError(`the list has no row ${number}`);
    return { view, at: (number % BLOCK_ROWS) * ROW_BYTES };
  }

  /** Where a revision is, or would be. */
  #slotOf({ oid, tid }: Revision): number {
    const slots = this.#slots;
    let slot = hashOf(oid, tid) % slots.length;
    for (let known = slots[slot] ?? 0; known > 0; known = slots[slot] ?? 0) {
      const { view, at } = this.#row(known - 1);
      if (view.getBigUint64(at) === oid && view.getBigUint64(at + TID_AT) === tid) break;
      slot = (slot + 1) % slots.length;
    }
    return slot;
  }

  #spread(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let number = 0; number < this.#length; number += 1) {
      const { view, at } = this.#row(number);
      const revision = { oid: oidFrom(view.getBigUint64(at)), tid: decodeTid(view, at + TID_AT) };
      this.#slots[this.#slotOf(revision)] = number + 1;
    }
  }
}

/** The lower bits of a product are those of few bits, the upper ones of all. */
function hashOf(oid: Oid, tid: Tid): number {
  const words = [oid >> 32n, oid, tid >> 32n, tid];
  const sum = words.reduce(
    (sum, word, index) => sum + Math.imul(Number(word & 0xffff_ffffn), FACTORS[index] ?? 1),
    0,
  );
  return (sum ^ (sum >>> 15)) >>> 0;
}
