import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../system/streams/cooperative.ts';
import { BlobSums, countSums, encodeSums, SumDraft } from './checksums.ts';

const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);
const path = fc
  .stringMatching(/^[0-9a-z.]{1,6}(\/[0-9a-z. ]{1,6}){0,2}$/)
  .filter((one) => !one.includes('..'));

function sumsOf(entries: Iterable<readonly [string, string]>): Buffer {
  const draft = new SumDraft();
  for (const [one, sum] of entries) draft.add({ path: one, sha256: sum });
  return encodeSums(draft.pieces);
}

describe('sums', () => {
  it('are found by their path, and come in the order of the paths', () => {
    fc.assert(
      fc.property(fc.dictionary(path, sha256), path, (entries, other) => {
        const bytes = sumsOf(Object.entries(entries));
        const sums = new BlobSums(bytes);
        expect(atOnce(countSums(bytes))).toBe(Object.keys(entries).length);
        expect(sums.count).toBe(Object.keys(entries).length);
        for (const [one, sum] of Object.entries(entries)) expect(sums.find(one)).toBe(sum);
        expect(sums.find(other)).toBe(entries[other]);
        expect([...sums].map((sum) => sum.path)).toEqual(Object.keys(entries).sort());
      }),
    );
  });

  it('are lines that sha256sum reads', () => {
    const sum = 'a'.repeat(64);
    expect(
      sumsOf([
        ['0x00/b.blob', sum],
        ['.layout', sum],
      ]).toString(),
    ).toBe(`${sum}  .layout\n${sum}  0x00/b.blob\n`);
  });

  it.each(['ü', 'a\nb', 'a\\b', 'a\0b', ''])('leave out %j, which is no name of a blob', (name) => {
    expect(sumsOf([[name, 'a'.repeat(64)]]).length).toBe(0);
  });

  it('are refused where anything about them is wrong', () => {
    const good = sumsOf([
      ['a/b', '1'.repeat(64)],
      ['a/c', '2'.repeat(64)],
    ]);
    expect(atOnce(countSums(good))).toBe(2);
    for (let end = 1; end < good.length; end += 1) {
      const isWhole = end * 2 === good.length;
      expect(atOnce(countSums(good.subarray(0, end)))).toBe(isWhole ? 1 : undefined);
    }
    const line = (name: string) => Buffer.from(`${'1'.repeat(64)}  ${name}\n`);
    for (const name of ['../a', 'a/../b', '/a', 'a\\n', 'ü', '']) {
      expect(atOnce(countSums(line(name)))).toBeUndefined();
    }
    expect(atOnce(countSums(Buffer.concat([line('b'), line('a')])))).toBeUndefined();
    expect(atOnce(countSums(Buffer.concat([line('a'), line('a')])))).toBeUndefined();
  });
});
