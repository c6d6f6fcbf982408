import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../test/support/outcome.ts';
import { smallDatabase } from '../../test/support/small-database.ts';
import { memorySource } from '../system/files/byte-source.ts';
import { refuseDamage, type Stop, transactionEndingAt, viewOf } from './uncommitted-tail.ts';

const database = smallDatabase([{ oids: [1] }, { oids: [1, 2] }, { oids: [3], status: 'p' }]);
const [first = 0, second = 0, third = 0, end = 0] = database.boundaries;

const refusal = (bytes: Uint8Array, stop: Stop) =>
  outcomeOf(() => refuseDamage(memorySource(bytes, 'Data.fs'), stop));

/** A copy of the healthy bytes with 8 of them changed. */
function withInteger(place: number, value: number | bigint): Buffer {
  const bytes = Buffer.from(database.bytes);
  viewOf(bytes).setBigUint64(place, BigInt(value));
  return bytes;
}

describe('transaction that ends at a position', () => {
  it('is found at the end of each transaction, and nowhere else', async () => {
    const source = memorySource(database.bytes);
    const found: unknown[] = [];
    for (let position = 0; position <= end + 100; position++) {
      const header = await transactionEndingAt(source, position);
      if (header !== undefined) found.push([header.position, position]);
    }
    expect(found).toEqual([
      [first, second],
      [second, third],
      [third, end],
    ]);
  });

  it('is none where its status is c', async () => {
    const bytes = Buffer.from(database.bytes);
    bytes.write('c', third + 16, 'latin1');
    expect(await transactionEndingAt(memorySource(bytes), end)).toBeUndefined();
  });

  it('is none where its status is no status', async () => {
    const bytes = Buffer.from(database.bytes);
    bytes.write('x', third + 16, 'latin1');
    expect(await transactionEndingAt(memorySource(bytes), end)).toBeUndefined();
  });

  it('is none where header and lengthAgain differ by one', async () => {
    const length = end - third - 8;
    for (const wrong of [length - 1, length + 1]) {
      const inHeader = memorySource(withInteger(third + 8, wrong));
      const behind = memorySource(withInteger(end - 8, wrong));
      expect(await transactionEndingAt(inHeader, end)).toBeUndefined();
      expect(await transactionEndingAt(behind, end)).toBeUndefined();
    }
  });

  it.each([
    ['0', 0],
    ['less than a header', 22],
    ['a byte before the magic’s end', end - 8 - 3],
    ['the file’s start', end - 8],
    ['a byte before the file’s start', end - 7],
    ['2^32', 2 ** 32],
    ['2^53', 2 ** 53],
    ['2^64 - 1', 2n ** 64n - 1n],
  ])('is none where lengthAgain leads to nothing: %s', async (_, length) => {
    const source = memorySource(withInteger(end - 8, length));
    expect(await transactionEndingAt(source, end)).toBeUndefined();
  });

  it('is a header or none in any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(210), async (bytes, position) => {
        const header = await transactionEndingAt(memorySource(bytes), position);
        if (header !== undefined) expect(header.position + header.length + 8).toBe(position);
      }),
    );
  });
});

describe('uncommitted tail', () => {
  it('is never looked for at the end of the file', async () => {
    const outcome = await refusal(database.bytes, { position: second, reason: 'end-of-file' });
    expect(outcome.kind).toBe('result');
  });

  it('is a tail that a whole transaction does not end', async () => {
    const cut = database.bytes.subarray(0, end - 1);
    expect(await refusal(cut, { position: third, reason: 'cut-short' })).toMatchObject({
      kind: 'result',
    });
  });

  it('is a tail in front of which the last transaction ends', async () => {
    const stop: Stop = { position: end, reason: 'cut-short' };
    expect(await refusal(database.bytes, stop)).toMatchObject({ kind: 'result' });
  });

  it('is no tail that ends with a transaction which began behind the stop', async () => {
    expect(await refusal(database.bytes, { position: second, reason: 'cut-short' })).toEqual({
      kind: 'failure',
      code: 'damaged',
      message: `Cannot read transaction at ${second} in "Data.fs": it is longer than the file, but the file ends with the transaction at ${third}`,
    });
  });

  it('is no impossible length behind which a lengthAgain leads', async () => {
    const stop: Stop = { position: second, reason: 'impossible-length' };
    expect(await refusal(database.bytes, stop)).toEqual({
      kind: 'failure',
      code: 'damaged',
      message: `Cannot read transaction at ${second} in "Data.fs": its length is shorter than its header, and the file goes on with the transaction at ${third}`,
    });
  });

  it('is no impossible length to which a lengthAgain leads', async () => {
    const stop: Stop = { position: third, reason: 'impossible-length' };
    expect(await refusal(database.bytes, stop)).toMatchObject({
      code: 'damaged',
      message: expect.stringContaining(`transaction at ${third} in`),
    });
  });

  it.each([
    ['zeros', 0n],
    ['a length shorter than a header', 22n],
    ['a length that leads in front of the stop', BigInt(end - 8 - third + 1)],
    ['a length that leads in front of the file', 2n ** 63n],
  ])('is an impossible length where the last 8 bytes are %s', async (_, length) => {
    const stop: Stop = { position: third, reason: 'impossible-length' };
    expect(await refusal(withInteger(end - 8, length), stop)).toMatchObject({ kind: 'result' });
  });

  it('is all that a file too short for any transaction holds', async () => {
    const reasons = ['cut-short', 'impossible-length'] as const;
    for (let length = 0; length < 4 + 23 + 8; length++) {
      const bytes = Buffer.alloc(length, 0xff);
      for (const reason of reasons) {
        expect(await refusal(bytes, { position: 4, reason })).toMatchObject({ kind: 'result' });
      }
    }
  });
});
