import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../test/support/outcome.ts';
import { smallDatabase } from '../../test/support/small-database.ts';
import { memorySource } from '../system/files/byte-source.ts';
import { findCommittedEnd, isTransactionBoundary } from './committed-end.ts';
import { scanTransactions } from './scan-transactions.ts';
import { transactionEnd } from './transaction-header.ts';
import { viewOf } from './uncommitted-tail.ts';

const GOLDEN = join(import.meta.dirname, '../../test/fixtures/golden/bushy/states');
const edited = readFileSync(join(GOLDEN, '2-edited/Data.fs'));
const unfinished = readFileSync(join(GOLDEN, '5-unfinished-commit/Data.fs'));

const walk = (bytes: Uint8Array, from = 4) =>
  outcomeOf(() => findCommittedEnd(memorySource(bytes, 'Data.fs'), from));
const scan = (bytes: Uint8Array) =>
  outcomeOf(() => scanTransactions(memorySource(bytes, 'Data.fs'), { from: 4, visitor: {} }));

async function boundariesOf(bytes: Uint8Array): Promise<readonly number[]> {
  const boundaries = [4];
  await scanTransactions(memorySource(bytes), {
    from: 4,
    visitor: { transaction: ({ header }) => boundaries.push(transactionEnd(header)) },
  });
  return boundaries;
}

/** The last of the ascending `boundaries` that isn't behind `position`. */
function lastUpTo(boundaries: readonly number[], position: number): number | undefined {
  return boundaries.findLast((boundary) => boundary <= position);
}

describe('committed end', () => {
  it.each([
    ['2-edited', edited],
    ['5-unfinished-commit', unfinished],
  ])(
    'of %s, cut at any byte, is the last boundary, for the walk and for a scan',
    async (_, bytes) => {
      const boundaries = await boundariesOf(bytes);
      expect(boundaries.length).toBeGreaterThan(8);
      for (let length = 0; length <= bytes.length; length++) {
        const cut = bytes.subarray(0, length);
        const [walked, scanned] = [await walk(cut), await scan(cut)];
        if (length > 0 && length < 4) {
          expect([length, walked, scanned]).toMatchObject([
            length,
            { code: 'damaged' },
            { code: 'damaged' },
          ]);
          continue;
        }
        const end = length === 0 ? 0 : lastUpTo(boundaries, length);
        const found = [
          walked.kind === 'result' && walked.result.position,
          scanned.kind === 'result' && scanned.result.committedEnd,
        ];
        if (found[0] !== end || found[1] !== end)
          expect([length, ...found]).toEqual([length, end, end]);
      }
    },
  );

  it('of a cut file has the tid and the reason with it, for the walk and for a scan', async () => {
    const { bytes, boundaries } = smallDatabase([{ oids: [1] }, { oids: [2, 3] }]);
    const [, first = 0] = boundaries;
    for (let length = first; length <= bytes.length; length++) {
      const whole = length === bytes.length;
      const position = whole ? length : first;
      const reason = whole || length === first ? 'end-of-file' : 'cut-short';
      const lastTid = whole ? 2n << 32n : 1n << 32n;
      const cut = bytes.subarray(0, length);
      expect(await walk(cut)).toEqual({
        kind: 'result',
        result: { position, lastTid, stop: { position, reason } },
      });
      expect(await scan(cut)).toMatchObject({
        result: { committedEnd: position, lastTid, stop: { position, reason } },
      });
    }
  });

  it.each(['FS30', 'FS21'] as const)('of the magic %s alone is 4, its tid 0', async (magic) => {
    const stop = { position: 4, reason: 'end-of-file' };
    const result = { position: 4, lastTid: 0n, stop };
    expect(await walk(Buffer.from(magic))).toEqual({ kind: 'result', result });
  });

  it('of 0 bytes is 0, its tid 0', async () => {
    const stop = { position: 0, reason: 'end-of-file' };
    expect(await walk(new Uint8Array(0))).toEqual({
      kind: 'result',
      result: { position: 0, lastTid: 0n, stop },
    });
  });

  it('is known with its tid when the walk begins at it', async () => {
    const { bytes } = smallDatabase([{ oids: [1] }, { oids: [2] }]);
    expect(await walk(bytes, bytes.length)).toEqual({
      kind: 'result',
      result: {
        position: bytes.length,
        lastTid: 2n << 32n,
        stop: { position: bytes.length, reason: 'end-of-file' },
      },
    });
  });

  it('is behind transactions of status u and p, and of one without records', async () => {
    const { bytes } = smallDatabase([
      { oids: [1], status: 'u' },
      { oids: [1], status: 'p' },
      { oids: [] },
    ]);
    expect(await walk(bytes)).toMatchObject({ result: { position: bytes.length } });
    expect(await scan(bytes)).toMatchObject({
      result: { committedEnd: bytes.length, transactionCount: 3, recordCount: 1 },
    });
  });

  it('is in front of a last transaction of status c, and of one that is only half there', async () => {
    const small = smallDatabase([{ oids: [1] }, { oids: [2], status: 'c' }]);
    const [, first = 0] = small.boundaries;
    expect(await walk(small.bytes)).toMatchObject({
      result: { position: first, lastTid: 1n << 32n, stop: { reason: 'unfinished' } },
    });
    expect(await walk(small.bytes.subarray(0, -1))).toMatchObject({ result: { position: first } });
  });

  it('is not in front of a status c with finished transactions behind it: no server does that', async () => {
    const small = smallDatabase([{ oids: [1] }, { oids: [2], status: 'c' }, { oids: [3] }]);
    const [, first = 0] = small.boundaries;
    for (const outcome of [await walk(small.bytes), await scan(small.bytes)]) {
      expect(outcome).toMatchObject({
        code: 'damaged',
        message: expect.stringContaining(`transaction at ${first} in`),
      });
    }
  });

  it.each([
    ['zeros', 0],
    ['ones', 0xff],
    ['spaces', 0x20],
  ])('is in front of an uncommitted tail of any length: %s', async (_, filler) => {
    const { bytes } = smallDatabase([{ oids: [1] }, { oids: [2] }]);
    for (let length = 1; length < 200; length++) {
      const littered = Buffer.concat([bytes, Buffer.alloc(length, filler)]);
      expect(await walk(littered)).toMatchObject({ result: { position: bytes.length } });
      expect(await scan(littered)).toMatchObject({ result: { committedEnd: bytes.length } });
    }
  });

  it('is behind transactions that are larger than a window, or begin at its edge', async () => {
    for (const padding of [65536 - 200, 65536 - 130, 65536 - 100, 65536, 3 * 65536]) {
      const oids = Array.from({ length: Math.ceil(padding / 56) }, (_, number) => number);
      const { bytes, boundaries } = smallDatabase([
        { oids },
        { oids: [1] },
        { oids },
        { oids: [2] },
      ]);
      const cut = bytes.subarray(0, -1);
      expect(await walk(bytes)).toMatchObject({ result: { position: bytes.length } });
      expect(await walk(cut)).toMatchObject({ result: { position: boundaries[3] } });
    }
  });

  it.each([
    ['a lengthAgain that differs by one', 'length-again'],
    ['a length that is too large by one', 'length'],
    ['a status that is none', 'status'],
  ])('is a failure that names the offset, for damage in the middle: %s', async (_, place) => {
    const small = smallDatabase([{ oids: [1] }, { oids: [2] }, { oids: [3] }]);
    const [, second = 0, third = 0] = small.boundaries;
    const { bytes } = small;
    const view = viewOf(bytes);
    if (place === 'length-again') view.setUint8(third - 1, view.getUint8(third - 1) + 1);
    if (place === 'length') view.setUint8(second + 15, view.getUint8(second + 15) + 1);
    if (place === 'status') bytes.write('?', second + 16, 'latin1');
    for (const outcome of [await walk(bytes), await scan(bytes)]) {
      expect(outcome).toMatchObject({
        kind: 'failure',
        code: 'damaged',
        message: expect.stringContaining(`Cannot read transaction at ${second} in "Data.fs": `),
      });
    }
  });

  it('is a boundary, or a failure that names the transaction of the byte that was changed', async () => {
    const boundaries = await boundariesOf(edited);
    const headerBytes = fc
      .tuple(fc.constantFrom(...boundaries.slice(0, -1)), fc.nat(22))
      .map(([start, offset]) => start + offset);
    const places = fc.oneof(headerBytes, fc.integer({ min: 4, max: edited.length - 1 }));
    await fc.assert(
      fc.asyncProperty(places, fc.nat(255), async (place, byte) => {
        const changed = Buffer.from(edited);
        changed[place] = byte;
        const start = lastUpTo(boundaries, place);
        for (const outcome of [await walk(changed), await scan(changed)]) {
          if (outcome.kind === 'failure') {
            expect(outcome.code).toBe('damaged');
            expect(outcome.message).toContain(`transaction at ${start} in "Data.fs"`);
          } else {
            const { result } = outcome;
            const end = 'committedEnd' in result ? result.committedEnd : result.position;
            expect([start, edited.length]).toContain(end);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is a failure of the magic for any change to it that makes it another', async () => {
    for (const place of [0, 1, 2, 3]) {
      const changed = Buffer.from(edited);
      changed[place] = 0x58;
      for (const outcome of [await walk(changed), await scan(changed)]) {
        expect(outcome).toMatchObject({
          code: 'damaged',
          message: expect.stringContaining('Cannot read "Data.fs" as a Data.fs'),
        });
      }
    }
  });

  it('is a result or a failure for any byte that was changed in an unfinished commit', async () => {
    const committed = (await boundariesOf(unfinished)).at(-1) ?? 0;
    const places = fc.integer({ min: committed, max: unfinished.length - 1 });
    await fc.assert(
      fc.asyncProperty(places, fc.nat(255), async (place, byte) => {
        const changed = Buffer.from(unfinished);
        changed[place] = byte;
        for (const outcome of [await walk(changed), await scan(changed)]) {
          if (outcome.kind === 'failure') {
            expect(outcome.message).toContain(`transaction at ${committed} in "Data.fs"`);
            continue;
          }
          const { result } = outcome;
          const end = 'committedEnd' in result ? result.committedEnd : result.position;
          expect([committed, unfinished.length]).toContain(end);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('transaction boundary', () => {
  it('is behind the magic and behind each transaction, and nowhere else', async () => {
    const source = memorySource(edited);
    const found: number[] = [];
    for (let position = 0; position <= edited.length + 8; position++) {
      if (await isTransactionBoundary(source, position)) found.push(position);
    }
    expect(found).toEqual(await boundariesOf(edited));
  });

  it('is at 4 only in a file that has its magic', async () => {
    for (const length of [0, 1, 3]) {
      expect(await isTransactionBoundary(memorySource(edited.subarray(0, length)), 4)).toBe(false);
    }
    expect(await isTransactionBoundary(memorySource(edited.subarray(0, 4)), 4)).toBe(true);
  });

  it('is not behind a transaction that is not finished', async () => {
    const source = memorySource(unfinished);
    expect(await isTransactionBoundary(source, unfinished.length)).toBe(false);
  });
});
