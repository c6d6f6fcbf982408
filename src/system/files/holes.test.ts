import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataIn, mayHaveHoles } from './holes.ts';

const BLOCK = 4096;

/** Bytes of pieces: each some zeros, or some ones. */
const pieces = fc.array(
  fc.record({ byte: fc.constantFrom(0, 1), length: fc.integer({ min: 1, max: 3 * BLOCK }) }),
  { maxLength: 8 },
);

describe('holes', () => {
  it('leave out zeros alone, in whole blocks, and all of these', () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 0, max: 3 * BLOCK }), (parts, position) => {
        const bytes = Buffer.concat(parts.map(({ byte, length }) => Buffer.alloc(length, byte)));
        const written = Buffer.alloc(bytes.length);
        let last = 0;
        const gaps: [number, number][] = [];
        for (const { start, end } of dataIn(bytes, position)) {
          bytes.copy(written, start, start, end);
          if (last < start) gaps.push([last, start]);
          last = end;
        }
        if (last < bytes.length) gaps.push([last, bytes.length]);
        expect(written.equals(bytes)).toBe(true);
        for (const edge of gaps.flat()) expect((position + edge) % BLOCK).toBe(0);
        const first = BLOCK - (position % BLOCK || BLOCK);
        for (let at = first; at + BLOCK <= bytes.length; at += BLOCK) {
          const isZero = bytes.subarray(at, at + BLOCK).every((byte) => byte === 0);
          expect(gaps.some(([from, to]) => from <= at && at + BLOCK <= to)).toBe(isZero);
        }
      }),
    );
  });

  it.each([
    [0, 0, false],
    [8, 4096, false],
    [8, 4097, true],
    [0, 1, true],
    [16, 4097, false],
  ])('%i blocks of %i bytes: %s', (blocks, size, expected) => {
    expect(mayHaveHoles({ blocks, size })).toBe(expected);
  });
});
