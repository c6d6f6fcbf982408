import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_SIZES, chunksOf } from '../../../test/support/chunks.ts';
import { memorySource } from '../../system/byte-source.ts';
import { MAXIMUM_POSITION } from '../format.ts';
import { oidFrom } from '../oid.ts';
import { indexFits } from './index-check.ts';
import { decodeIndex } from './index-decoder.ts';
import { encodeIndex } from './index-encoder.ts';
import { OidIndex } from './oid-index.ts';

const GOLDEN = join(import.meta.dirname, '../../../test/fixtures/golden/bushy/states');
const golden = readFileSync(join(GOLDEN, '2-edited/Data.fs.index'));

const positions = fc.oneof(
  fc.constantFrom(255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40),
  fc.integer({ min: 1, max: MAXIMUM_POSITION }),
);
const oids = fc.oneof(
  fc.bigInt({ min: 0n, max: 200_000n }),
  fc.bigInt({ min: 0n, max: 2n ** 63n }),
);
const entries = fc.uniqueArray(fc.tuple(oids, positions), {
  selector: ([oid]) => oid,
  maxLength: 300,
});

function indexOf(pairs: readonly (readonly [bigint, number])[]): OidIndex {
  const index = new OidIndex();
  for (const [oid, position] of pairs) {
    index.set(Number(oid >> 16n), Number(oid & 0xffffn), position);
  }
  return index;
}

describe('index', () => {
  it.each(['FS30', 'FS21'] as const)('comes back as it was written for %s', async (magic) => {
    await fc.assert(
      fc.asyncProperty(
        // A prefix beyond 2^47 is no safe integer in a file of this world; oids end long before.
        entries.map((pairs) => pairs.filter(([oid]) => oid < 2n ** 60n)),
        positions,
        async (pairs, position) => {
          const index = indexOf(pairs);
          const bytes = Buffer.concat([...encodeIndex(index, { position, magic })]);
          for (const size of CHUNK_SIZES) {
            const decoded = await decodeIndex(chunksOf(bytes, size));
            expect(decoded?.position).toBe(position);
            expect(decoded?.index.size).toBe(pairs.length);
            for (const [oid, place] of pairs) expect(decoded?.index.get(oidFrom(oid))).toBe(place);
          }
          const decoded = await decodeIndex([bytes]);
          if (decoded === undefined) throw new Error('not decoded');
          const again = Buffer.concat([...encodeIndex(decoded.index, { position, magic })]);
          expect(again.equals(bytes)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('has the newest position of each oid, as a Map would', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 600n }), positions)), (pairs) => {
        const index = indexOf(pairs);
        const model = new Map(pairs);
        expect(index.size).toBe(model.size);
        for (let oid = 0n; oid < 601n; oid++) expect(index.get(oidFrom(oid))).toBe(model.get(oid));
      }),
    );
  });

  it('is none when it is cut at any byte', async () => {
    for (let length = 0; length < golden.length; length++) {
      expect(await decodeIndex([golden.subarray(0, length)])).toBeUndefined();
    }
  });

  it('is none, or other entries, when bytes have changed; never an error', async () => {
    const changes = fc.array(fc.tuple(fc.nat(golden.length - 1), fc.nat(255)), { maxLength: 4 });
    const source = memorySource(readFileSync(join(GOLDEN, '2-edited/Data.fs')));
    await fc.assert(
      fc.asyncProperty(changes, async (bytes) => {
        const changed = Buffer.from(golden);
        for (const [place, byte] of bytes) changed[place] = byte;
        const decoded = await decodeIndex([changed]);
        if (decoded !== undefined) await indexFits(source, decoded);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['nothing', ''],
    ['a dict, as old versions wrote it', "(dp0\nS'pos'\nI4\ns."],
    ['text', 'hello'],
    ['a position and the end twice', '\x80\x03K\x04.\x80\x03N.\x80\x03N.'],
    ['a length beyond all', '\x80\x03K\x04.\x80\x03C\x06abcdefB\xff\xff\xff\xff'],
    ['prefixes that go back', `\x80\x03K\x04.${pair('\x01')}${pair('\x00')}\x80\x03N.`],
  ])('is none for %s', async (_, bytes) => {
    expect(await decodeIndex([Buffer.from(bytes, 'latin1')])).toBeUndefined();
  });

  it('fits its own Data.fs, and not the one that a pack made of it', async () => {
    const decoded = await decodeIndex([golden]);
    if (decoded === undefined) throw new Error('not decoded');
    const own = memorySource(readFileSync(join(GOLDEN, '2-edited/Data.fs')));
    const later = memorySource(readFileSync(join(GOLDEN, '3-undone/Data.fs')));
    const packed = memorySource(readFileSync(join(GOLDEN, '7-packed/Data.fs')));
    expect(await indexFits(own, decoded)).toBe(true);
    expect(await indexFits(later, decoded)).toBe(true);
    expect(await indexFits(packed, decoded)).toBe(false);
  });
});

function pair(lastOfPrefix: string): string {
  return `\x80\x03C\x06\0\0\0\0\0${lastOfPrefix}C\x08\0\0\0\0\0\0\0\x04\x86.`;
}
