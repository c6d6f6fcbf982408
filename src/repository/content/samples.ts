import { createHash } from 'node:crypto';
import type { ByteRange, ByteSource } from '../../system/files/byte-source.ts';
import type { Sample } from '../layout/backup-record.ts';

/** Bytes at the end of a backup that are always a sample. */
const TAIL_BYTES = 64 << 10;
const SAMPLE_BYTES = 4 << 10;
const SAMPLES = 16;

/**
 * The ranges by which a backup's bytes will be recognised: its tail, and a few at random places, so
 * that no pattern in a file can avoid them.
 *
 * @param random - gives numbers in [0, 1)
 */
export function chooseSamples(range: ByteRange, random: () => number): readonly ByteRange[] {
  const length = range.end - range.start;
  if (length === 0) return [];
  const tail = { start: Math.max(range.start, range.end - TAIL_BYTES), end: range.end };
  const inFront = tail.start - range.start;
  const count = Math.min(SAMPLES, Math.floor(inFront / SAMPLE_BYTES));
  const others = Array.from({ length: count }, (_, number) => {
    const stripe = inFront / count;
    const start = range.start + Math.floor(stripe * number + random() * (stripe - SAMPLE_BYTES));
    return { start, end: start + SAMPLE_BYTES };
  });
  return [...others, tail];
}

/** Takes samples out of a stream of bytes that passes by. */
export class SampleTaker {
  readonly #open: { readonly range: ByteRange; readonly hash: ReturnType<typeof createHash> }[];
  #position: number;

  /** @param start - offset in the Data.fs of the first byte that will be fed */
  constructor(start: number, ranges: readonly ByteRange[]) {
    this.#position = start;
    this.#open = ranges.map((range) => ({ range, hash: createHash('sha256') }));
  }

  feed(chunk: Uint8Array): void {
    const from = this.#position;
    this.#position += chunk.length;
    for (const { range, hash } of this.#open) {
      if (range.end <= from || range.start >= this.#position) continue;
      hash.update(chunk.subarray(Math.max(0, range.start - from), range.end - from));
    }
  }

  finish(): readonly Sample[] {
    return this.#open.map(({ range, hash }) => ({ ...range, sha256: hash.digest('hex') }));
  }
}

/** The first sample of which the source has other bytes, or undefined where all are the same. */
export async function firstDifference(
  source: ByteSource,
  samples: readonly Sample[],
): Promise<Sample | undefined> {
  for (const sample of samples) {
    if (sample.end > source.sizeBytes) return sample;
    const bytes = await source.read(sample);
    if (createHash('sha256').update(bytes).digest('hex') !== sample.sha256) return sample;
  }
  return undefined;
}
