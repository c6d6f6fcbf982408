import { OidIndex } from '../index/oid-index.ts';
import type { RecordTable } from '../record-table.ts';
import { OidSet } from './oid-set.ts';

/** Less than a millisecond of work. */
const OBJECTS_PER_PORTION = 1000;

/**
 * For each oid the position of its newest record among those that have passed. Where that is the one which a known index
 * names, as it is in the end, it takes a bit; for records in front of that one, 6 bytes an object.
 */
export class PassedIndex {
  readonly #known: OidIndex;
  /** Objects of which the record has passed that the known index names. */
  readonly #reached = new OidSet();
  #reachedCount = 0;
  /** Of records in front of it. */
  readonly #earlier = new OidIndex();
  /** Of records behind it, if the known index is of an earlier end of the log. */
  readonly #later = new OidIndex();
  #hasUnknown = false;

  constructor(known: OidIndex) {
    this.#known = known;
  }

  /** The position; 0 if there is none. @param prefix - of the oid, and `suffix`: see {@link OidIndex.at} */
  at(prefix: number, suffix: number): number {
    if (!this.#reached.has(prefix, suffix)) return this.#earlier.at(prefix, suffix);
    return this.#later.at(prefix, suffix) || this.#known.at(prefix, suffix);
  }

  /** Takes over the records of a complete transaction. */
  apply(records: RecordTable): void {
    for (let row = 0; row < records.count; row++) {
      this.#set(records.oidHigh(row), records.oidLow(row), records.position(row));
    }
  }

  /** Whether the known index names this record of the object, and it has passed. */
  hasReached(prefix: number, suffix: number, position: number): boolean {
    return this.#known.at(prefix, suffix) === position && this.#reached.has(prefix, suffix);
  }

  /** The same for a record of any object: looks at all of them. */
  hasReachedAny(position: number): boolean {
    for (const [prefix, suffix] of this.#reached) {
      if (this.#known.at(prefix, suffix) === position) return true;
    }
    return false;
  }

  /** All of them, when the log has ended: the known index, where that is right. Yields now and then. */
  *finish(): Generator<void, OidIndex> {
    const isRight =
      !this.#hasUnknown && this.#later.size === 0 && this.#reachedCount === this.#known.size;
    if (isRight) return this.#known;
    const index = new OidIndex();
    yield* takeOver(index, entriesOf(this.#earlier));
    yield* takeOver(index, this.#reachedEntries());
    yield* takeOver(index, entriesOf(this.#later));
    return index;
  }

  #set(prefix: number, suffix: number, position: number): void {
    const known = this.#known.at(prefix, suffix);
    if (known === position) {
      if (this.#reached.add(prefix, suffix)) this.#reachedCount += 1;
    } else if (this.#reached.has(prefix, suffix)) this.#later.set(prefix, suffix, position);
    else {
      this.#earlier.set(prefix, suffix, position);
      this.#hasUnknown ||= known === 0;
    }
  }

  *#reachedEntries(): Generator<Entry> {
    for (const [prefix, suffix] of this.#reached) {
      yield [prefix, suffix, this.#known.at(prefix, suffix)];
    }
  }
}

type Entry = readonly [prefix: number, suffix: number, position: number];

function* entriesOf(index: OidIndex): Generator<Entry> {
  for (const prefix of index.prefixes()) {
    for (const [suffix, position] of index.entriesOf(prefix)) yield [prefix, suffix, position];
  }
}

function* takeOver(index: OidIndex, entries: Iterable<Entry>): Generator<void, void> {
  let count = 0;
  for (const [prefix, suffix, position] of entries) {
    index.set(prefix, suffix, position);
    count += 1;
    if (count % OBJECTS_PER_PORTION === 0) yield;
  }
}
