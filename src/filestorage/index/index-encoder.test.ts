import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf, indexOf } from '../../../test/support/index-entries.ts';
import { MAXIMUM_POSITION, type Magic } from '../format.ts';
import { decodeIndex } from './index-decoder.ts';
import { encodeIndex } from './index-encoder.ts';
import { OidIndex } from './oid-index.ts';

const MAGICS: readonly Magic[] = ['FS30', 'FS21'];

/** Each chunk in latin1, so that a pickle can be compared with what Python writes. */
function chunksOfIndex(index: OidIndex, settings: { position: number; magic: Magic }): string[] {
  return Array.from(encodeIndex(index, settings), (chunk) => Buffer.from(chunk).toString('latin1'));
}

describe('encoded index', () => {
  const small = indexOf([
    [0x1_0000n, 0x0a0b0c0d0e0f],
    [1n, 46],
    [0n, 4],
  ]);

  it('is a pickle of protocol 3 for the position, for each prefix and for the end, in FS30', () => {
    expect(chunksOfIndex(small, { position: 164286, magic: 'FS30' })).toEqual([
      '\x80\x03J\xbe\x81\x02\0.',
      '\x80\x03C\x06\0\0\0\0\0\0C\x10\0\0\0\x01\0\0\0\0\0\x04\0\0\0\0\0\x2e\x86.',
      '\x80\x03C\x06\0\0\0\0\0\x01C\x08\0\0\x0a\x0b\x0c\x0d\x0e\x0f\x86.',
      '\x80\x03N.',
    ]);
  });

  it('is a pickle without a mark of its protocol for each of them, in FS21', () => {
    expect(chunksOfIndex(small, { position: 164286, magic: 'FS21' })).toEqual([
      'L164286L\n.',
      '(U\x06\0\0\0\0\0\0U\x10\0\0\0\x01\0\0\0\0\0\x04\0\0\0\0\0\x2et.',
      '(U\x06\0\0\0\0\0\x01U\x08\0\0\x0a\x0b\x0c\x0d\x0e\x0ft.',
      'N.',
    ]);
  });

  it('is a position and an end for no objects', () => {
    const empty = new OidIndex();
    expect(chunksOfIndex(empty, { position: 4, magic: 'FS30' })).toEqual([
      '\x80\x03K\x04.',
      '\x80\x03N.',
    ]);
    expect(chunksOfIndex(empty, { position: 4, magic: 'FS21' })).toEqual(['L4L\n.', 'N.']);
  });

  it.each([
    [2 ** 8 - 1, 'K\xff'],
    [2 ** 8, 'M\x00\x01'],
    [2 ** 16 - 1, 'M\xff\xff'],
    [2 ** 16, 'J\x00\x00\x01\x00'],
    [2 ** 31 - 1, 'J\xff\xff\xff\x7f'],
    [2 ** 31, '\x8a\x05\x00\x00\x00\x80\x00'],
    [2 ** 32 - 1, '\x8a\x05\xff\xff\xff\xff\x00'],
    [2 ** 32, '\x8a\x05\x00\x00\x00\x00\x01'],
    [2 ** 40, '\x8a\x06\x00\x00\x00\x00\x00\x01'],
    [MAXIMUM_POSITION, '\x8a\x07\xff\xff\xff\xff\xff\xff\x00'],
  ])('begins with position %d in the shortest form', async (position, pickled) => {
    const [first] = chunksOfIndex(new OidIndex(), { position, magic: 'FS30' });
    expect(first).toBe(`\x80\x03${pickled}.`);
    for (const magic of MAGICS) {
      const decoded = await decodeIndex(encodeIndex(small, { position, magic }));
      expect([magic, decoded?.position]).toEqual([magic, position]);
    }
  });

  it.each([
    ['FS30', 31, 'C\xf8'],
    ['FS30', 32, 'B\x00\x01\x00\x00'],
    ['FS30', 65536, 'B\x00\x00\x08\x00'],
    ['FS21', 31, 'U\xf8'],
    ['FS21', 32, 'T\x00\x01\x00\x00'],
    ['FS21', 65536, 'T\x00\x00\x08\x00'],
  ] as const)(
    'has in %s a bucket of %d objects behind a length that is wide enough',
    (magic, count, opening) => {
      const index = new OidIndex();
      for (let suffix = 0; suffix < count; suffix++) index.set(0, suffix, 4 + suffix);
      const [, pair = ''] = chunksOfIndex(index, { position: 4, magic });
      const start = magic === 'FS30' ? 2 + 8 : 1 + 8;
      expect(pair.slice(start, start + opening.length)).toBe(opening);
      expect(pair).toHaveLength(start + opening.length + count * 8 + 2);
    },
  );

  it('is the same whatever the order in which the entries came', () => {
    const pairs = fc.uniqueArray(
      fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 20n }), fc.integer({ min: 1, max: 10 ** 9 })),
      { selector: ([oid]) => oid },
    );
    fc.assert(
      fc.property(pairs, fc.constantFrom(...MAGICS), (entries, magic) => {
        const settings = { position: 4, magic };
        expect(chunksOfIndex(indexOf(entries.toReversed()), settings)).toEqual(
          chunksOfIndex(indexOf(entries), settings),
        );
      }),
    );
  });

  it('comes back with oids over all 64 bits, in either form', async () => {
    const pairs = fc.uniqueArray(
      fc.tuple(
        fc.oneof(
          fc.constantFrom(0n, 0xffffn, 0x10000n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n),
          fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        ),
        fc.integer({ min: 1, max: MAXIMUM_POSITION }),
      ),
      { selector: ([oid]) => oid },
    );
    await fc.assert(
      fc.asyncProperty(pairs, fc.constantFrom(...MAGICS), async (entries, magic) => {
        const index = indexOf(entries);
        const decoded = await decodeIndex(encodeIndex(index, { position: 4, magic }));
        expect(decoded && entriesOf(decoded.index)).toEqual(entriesOf(index));
      }),
    );
  });
});
