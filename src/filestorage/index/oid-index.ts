import type { Oid } from '../oid.ts';
import type { RecordTable } from '../record-table.ts';

/** Bytes of the first part of an oid, by which the index is divided. */
export const PREFIX_BYTES = 6;
/** Bytes of the second part. */
export const SUFFIX_BYTES = 2;
/** Bytes of a position as the index holds it. */
export const POSITION_BYTES = 6;

const SUFFIXES_PER_PAGE = 256;
const PAGES_PER_BUCKET = 256;

type Pages = readonly (DataView | undefined)[];

/**
 * The oids of one prefix: pages of 256 positions each, made when needed; position 0 is none. The first few
 * do without, so that oids that no server gives out in this way, each far from all others, don't fill the
 * memory.
 */
interface Bucket {
  /** Suffix, position, suffix, position, …, suffixes ascending; empty once there are pages. */
  few: readonly number[];
  pages: (DataView | undefined)[] | undefined;
  count: number;
}

const FEW = 8;

/** What two indexes say of one oid. */
export interface IndexDifference {
  readonly prefix: number;
  readonly suffix: number;
  readonly position: number;
  readonly otherPosition: number;
}

const EMPTY_PAGE = newPage();

/**
 * For each oid the position of its newest record. Oids are given out in order, so that a page of
 * 1.5 kB mostly holds 256 of them: 6 bytes an object, about 60 MB for ten million.
 */
export class OidIndex {
  readonly #buckets = new Map<number, Bucket>();
  #lastPrefix = -1;
  #lastBucket: Bucket | undefined;
  #size = 0;

  /** Number of oids. */
  get size(): number {
    return this.#size;
  }

  /** Position of the newest record of `oid`, or undefined if there is none. */
  get(oid: Oid): number | undefined {
    const suffix = Number(oid & 0xffffn);
    return this.#get(this.#buckets.get(Number(oid >> 16n)), suffix);
  }

  /** The same for an oid as {@link set} takes it; 0 if there is none. */
  at(prefix: number, suffix: number): number {
    const bucket = prefix === this.#lastPrefix ? this.#lastBucket : this.#buckets.get(prefix);
    return this.#get(bucket, suffix) ?? 0;
  }

  /** Sets the position of the oid of which `prefix` is the first 6 bytes, `suffix` the last 2. */
  set(prefix: number, suffix: number, position: number): void {
    const bucket = this.#bucketFor(prefix);
    if (bucket.pages === undefined) {
      bucket.few = withEntry(bucket.few, suffix, position);
      this.#size += bucket.few.length / 2 - bucket.count;
      bucket.count = bucket.few.length / 2;
      if (bucket.count <= FEW) return;
      bucket.pages = pagesOf(bucket);
      bucket.few = [];
      return;
    }
    const pageNumber = suffix >>> 8;
    let page = bucket.pages[pageNumber];
    if (page === undefined) {
      page = newPage();
      bucket.pages[pageNumber] = page;
    }
    const place = (suffix & 0xff) * POSITION_BYTES;
    if (readPosition(page, place) === 0) {
      bucket.count += 1;
      this.#size += 1;
    }
    writePosition(page, place, position);
  }

  /** Takes over the records of a complete transaction. */
  apply(records: RecordTable): void {
    for (let row = 0; row < records.count; row++) {
      this.set(records.oidHigh(row), records.oidLow(row), records.position(row));
    }
  }

  /** The prefixes that have an oid, in ascending order. */
  prefixes(): readonly number[] {
    return [...this.#buckets.keys()].sort((a, b) => a - b);
  }

  /** Number of oids with this prefix. */
  countOf(prefix: number): number {
    return this.#buckets.get(prefix)?.count ?? 0;
  }

  /** The oids with this prefix, as suffix and position, in ascending order. */
  *entriesOf(prefix: number): Generator<readonly [suffix: number, position: number]> {
    const bucket = this.#buckets.get(prefix);
    if (bucket === undefined) return;
    yield* entriesOf(bucket.few);
    for (const [pageNumber, page] of (bucket.pages ?? []).entries()) {
      if (page === undefined) continue;
      for (let row = 0; row < SUFFIXES_PER_PAGE; row++) {
        const position = readPosition(page, row * POSITION_BYTES);
        if (position !== 0) yield [pageNumber * SUFFIXES_PER_PAGE + row, position];
      }
    }
  }

  /** Where two indexes don't say the same, in ascending order; 0 stands for an oid that isn't there. */
  *differencesFrom(other: OidIndex): Generator<IndexDifference> {
    const prefixes = new Set([...this.prefixes(), ...other.prefixes()]);
    for (const prefix of [...prefixes].sort((a, b) => a - b)) {
      const ours = allPagesOf(this.#buckets.get(prefix));
      const theirs = allPagesOf(other.#buckets.get(prefix));
      for (let pageNumber = 0; pageNumber < PAGES_PER_BUCKET; pageNumber++) {
        const page = ours?.[pageNumber] ?? EMPTY_PAGE;
        const otherPage = theirs?.[pageNumber] ?? EMPTY_PAGE;
        if (page === otherPage || bytesOf(page).equals(bytesOf(otherPage))) continue;
        for (let row = 0; row < SUFFIXES_PER_PAGE; row++) {
          const position = readPosition(page, row * POSITION_BYTES);
          const otherPosition = readPosition(otherPage, row * POSITION_BYTES);
          if (position === otherPosition) continue;
          yield { prefix, suffix: pageNumber * SUFFIXES_PER_PAGE + row, position, otherPosition };
        }
      }
    }
  }

  #get(bucket: Bucket | undefined, suffix: number): number | undefined {
    if (bucket === undefined) return undefined;
    if (bucket.pages === undefined) {
      for (const [other, position] of entriesOf(bucket.few)) if (other === suffix) return position;
      return undefined;
    }
    const page = bucket.pages[suffix >>> 8];
    if (page === undefined) return undefined;
    return readPosition(page, (suffix & 0xff) * POSITION_BYTES) || undefined;
  }

  #bucketFor(prefix: number): Bucket {
    if (prefix === this.#lastPrefix && this.#lastBucket !== undefined) return this.#lastBucket;
    let bucket = this.#buckets.get(prefix);
    if (bucket === undefined) {
      bucket = { few: [], pages: undefined, count: 0 };
      this.#buckets.set(prefix, bucket);
    }
    this.#lastPrefix = prefix;
    this.#lastBucket = bucket;
    return bucket;
  }
}

function allPagesOf(bucket: Bucket | undefined): Pages | undefined {
  return bucket === undefined ? undefined : (bucket.pages ?? pagesOf(bucket));
}

function pagesOf({ few }: Bucket): (DataView | undefined)[] {
  const pages = new Array<DataView | undefined>(PAGES_PER_BUCKET);
  for (const [suffix, position] of entriesOf(few)) {
    const page = pages[suffix >>> 8] ?? newPage();
    pages[suffix >>> 8] = page;
    writePosition(page, (suffix & 0xff) * POSITION_BYTES, position);
  }
  return pages;
}

function* entriesOf(
  few: readonly number[],
): Generator<readonly [suffix: number, position: number]> {
  for (let place = 0; place < few.length; place += 2) yield [few[place] ?? 0, few[place + 1] ?? 0];
}

function withEntry(few: readonly number[], suffix: number, position: number): readonly number[] {
  const others = [...entriesOf(few)].filter(([other]) => other !== suffix);
  return [...others, [suffix, position] as const].sort(([a], [b]) => a - b).flat();
}

function newPage(): DataView {
  return new DataView(new ArrayBuffer(SUFFIXES_PER_PAGE * POSITION_BYTES));
}

function bytesOf(page: DataView): Buffer {
  return Buffer.from(page.buffer, page.byteOffset, page.byteLength);
}

function readPosition(view: DataView, offset: number): number {
  return view.getUint16(offset) * 2 ** 32 + view.getUint32(offset + 2);
}

function writePosition(view: DataView, offset: number, position: number): void {
  view.setUint16(offset, Math.floor(position / 2 ** 32));
  view.setUint32(offset + 2, position % 2 ** 32);
}
