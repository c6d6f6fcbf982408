import type { Stats } from 'node:fs';

/** The smallest piece that a file system leaves out of a file; most have these blocks. */
const BLOCK_BYTES = 4096;
/** Of `blocks` in what stat(2) tells. */
const COUNTED_BYTES = 512;

const ZEROS = new Uint8Array(BLOCK_BYTES);

/** Whether a file takes less of the disk than it has bytes: it may have holes, which are read as zeros. */
export function mayHaveHoles({ blocks, size }: Pick<Stats, 'blocks' | 'size'>): boolean {
  return blocks * COUNTED_BYTES < size;
}

/** A part of some bytes that isn't all zeros; `start` and `end` count within them. */
export interface Data {
  readonly start: number;
  readonly end: number;
}

/**
 * What has to be written of some bytes so that their whole blocks of zeros become holes. The length of the file has to
 * be set behind it: it may end in one.
 *
 * @param position - where in the file the bytes begin
 */
export function* dataIn(bytes: Uint8Array, position: number): Generator<Data> {
  let start = 0;
  let end = 0;
  while (end < bytes.length) {
    const next = Math.min(bytes.length, end + BLOCK_BYTES - ((position + end) % BLOCK_BYTES));
    if (isBlockOfZeros(bytes.subarray(end, next))) {
      if (start < end) yield { start, end };
      start = next;
    }
    end = next;
  }
  if (start < end) yield { start, end };
}

function isBlockOfZeros(piece: Uint8Array): boolean {
  // Nearly every other one shows it with its first byte.
  return piece.length === BLOCK_BYTES && piece[0] === 0 && Buffer.compare(piece, ZEROS) === 0;
}
