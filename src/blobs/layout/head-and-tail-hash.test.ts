import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { memorySource } from '../../system/files/byte-source.ts';
import { HeadAndTailHasher, readHeadAndTailHash } from './head-and-tail-hash.ts';

describe('edges of an archive', () => {
  it.each([0, 1, 65_535, 65_536, 65_537, 131_072, 131_073, 300_000])(
    'are the same of %d bytes, read at its ends or as they pass',
    async (sizeBytes) => {
      const bytes = randomBytes(sizeBytes);
      const read = await readHeadAndTailHash(memorySource(bytes));
      for (const chunkBytes of [777, 65_536, 100_000]) {
        const passing = new HeadAndTailHasher();
        for (let at = 0; at < sizeBytes; at += chunkBytes) {
          passing.add(bytes.subarray(at, at + chunkBytes));
        }
        expect(passing.end()).toEqual(read);
      }
    },
  );

  it('are others where a byte at an end is, and say nothing of those in the middle', async () => {
    const bytes = randomBytes(200_000);
    const edgesWith = async (at: number) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      return (await readHeadAndTailHash(memorySource(changed))).edges;
    };
    const { edges } = await readHeadAndTailHash(memorySource(bytes));
    for (const at of [0, 65_535, 134_464, 199_999]) expect(await edgesWith(at)).not.toBe(edges);
    for (const at of [65_536, 134_463]) expect(await edgesWith(at)).toBe(edges);
  });
});
