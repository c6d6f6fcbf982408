/** What a record's data comes to, through its back pointers: a pickle, that of a blob, or nothing. */
export type RecordKind = 'object' | 'blob' | 'uncreated';

const KINDS: readonly RecordKind[] = ['object', 'blob', 'uncreated'];
const KIND_BITS = 2;
/** Bytes that one block can span, as its places are offsets of 30 bits. */
const BLOCK_SPAN = 2 ** (32 - KIND_BITS);
const ROWS_PER_BLOCK = 4096;

interface Block {
  /** Position of its first record. */
  readonly start: number;
  /** Two numbers a record: place and kind, oid. */
  readonly rows: Uint32Array;
  count: number;
}

/** A record that was looked up. */
export interface LoggedRecord {
  readonly kind: RecordKind;
  /** The last 4 bytes of its oid: all that differs, up to the four billionth object. */
  readonly oidEnd: number;
}

/**
 * Where some records of a log stand and whose they are, in 8 bytes each: what a back pointer that comes later is
 * held against. Records are added in the order in which they stand there.
 */
export class RecordLog {
  readonly #blocks: Block[] = [];

  add(position: number, record: LoggedRecord): void {
    let block = this.#blocks.at(-1);
    if (
      block === undefined ||
      block.count === ROWS_PER_BLOCK ||
      position - block.start >= BLOCK_SPAN
    ) {
      block = { start: position, rows: new Uint32Array(2 * ROWS_PER_BLOCK), count: 0 };
      this.#blocks.push(block);
    }
    const place = position - block.start;
    block.rows[2 * block.count] = place * 2 ** KIND_BITS + KINDS.indexOf(record.kind);
    block.rows[2 * block.count + 1] = record.oidEnd;
    block.count += 1;
  }

  /** The record at exactly this position, if there is one. */
  find(position: number): LoggedRecord | undefined {
    const block = lastNotBehind(this.#blocks, position);
    if (block === undefined || position - block.start >= BLOCK_SPAN) return undefined;
    const place = position - block.start;
    let low = 0;
    let high = block.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const packed = block.rows[2 * middle] ?? 0;
      const found = packed >>> KIND_BITS;
      if (found < place) low = middle + 1;
      else if (found > place) high = middle - 1;
      else {
        const kind = KINDS[packed & (2 ** KIND_BITS - 1)] ?? 'object';
        return { kind, oidEnd: block.rows[2 * middle + 1] ?? 0 };
      }
    }
    return undefined;
  }
}

function lastNotBehind(blocks: readonly Block[], position: number): Block | undefined {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((blocks[middle]?.start ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return blocks[low - 1];
}

/** The last 4 bytes of an oid of which these are the parts. */
export function oidEndOf(oidHigh: number, oidLow: number): number {
  return (oidHigh % 65536) * 65536 + oidLow;
}
