import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_SIZES, chunksOf } from '../../test/support/chunks.ts';
import { outcomeOf } from '../../test/support/outcome.ts';
import { memorySource } from '../system/files/byte-source.ts';
import { findCommittedEnd } from './committed-end.ts';
import { scanTransactions } from './scan-transactions.ts';
import { TransactionScanner } from './scanner.ts';
import type { Tid } from './tid.ts';
import { transactionEnd } from './transaction-header.ts';
import { viewOf } from './uncommitted-tail.ts';
import { encodeTransaction } from './writer/transaction-encoder.ts';

const GOLDEN = join(import.meta.dirname, '../../test/fixtures/golden/bushy/states');
const golden = readFileSync(join(GOLDEN, '3-undone/Data.fs'));

/** A Data.fs of three small transactions: an object, the same again, and an undo of that. */
function smallDatabase(): { bytes: Buffer; ends: number[] } {
  const parts: Buffer[] = [Buffer.from('FS30')];
  const ends = [4];
  let previous = 0;
  for (const number of [1n, 2n, 3n]) {
    const position = ends.at(-1) ?? 4;
    const { bytes, recordPositions } = encodeTransaction(
      {
        tid: (number << 32n) as Tid,
        status: ' ',
        user: Buffer.from('user'),
        description: Buffer.from('text'),
        extension: new Uint8Array(0),
        records: [
          {
            oid: 5n as never,
            previous,
            data:
              number === 3n
                ? { kind: 'back-pointer', position: previous }
                : { kind: 'pickle', bytes: Buffer.from(`pickle ${number}`) },
          },
        ],
      },
      position,
    );
    parts.push(bytes);
    ends.push(position + bytes.length);
    previous = recordPositions[0] ?? 0;
  }
  return { bytes: Buffer.concat(parts), ends };
}

function scanIn(bytes: Uint8Array, chunkBytes: number) {
  const seen: unknown[] = [];
  const scanner = new TransactionScanner({
    name: 'Data.fs',
    start: 0,
    sizeBytes: bytes.length,
    visitor: {
      pickle: (pickle, { position }) => seen.push([position, Buffer.from(pickle).toString('hex')]),
      transaction: ({ header, user, records }) => {
        const rows = Array.from({ length: records.count }, (_, row) => records.record(row));
        seen.push([header, Buffer.from(user).toString('hex'), rows]);
      },
    },
  });
  for (const chunk of chunksOf(bytes, chunkBytes)) scanner.feed(chunk);
  return { seen, ...scanner.finish() };
}

const scan = (bytes: Uint8Array) =>
  outcomeOf(() => scanTransactions(memorySource(bytes, 'Data.fs'), { from: 4, visitor: {} }));
const walk = (bytes: Uint8Array) =>
  outcomeOf(() => findCommittedEnd(memorySource(bytes, 'Data.fs'), 4));

describe('scanner', () => {
  it.each(['3-undone', '5-unfinished-commit', '6-cut-short', '7-packed'])(
    'finds the same in %s fed whole, in odd chunks and byte by byte',
    (state) => {
      const bytes = readFileSync(join(GOLDEN, state, 'Data.fs'));
      const [whole, ...others] = CHUNK_SIZES.map((size) => scanIn(bytes, size));
      expect(whole?.transactionCount).toBeGreaterThan(5);
      for (const other of others) expect(other).toEqual(whole);
    },
  );

  it('takes a file that is cut at any byte for the transactions in front of the cut', async () => {
    const { bytes, ends } = smallDatabase();
    for (let length = 4; length <= bytes.length; length++) {
      const end = ends.filter((one) => one <= length).at(-1);
      const cut = bytes.subarray(0, length);
      expect([length, await scan(cut)]).toMatchObject([
        length,
        { kind: 'result', result: { committedEnd: end } },
      ]);
      expect([length, await walk(cut)]).toMatchObject([
        length,
        { kind: 'result', result: { position: end } },
      ]);
    }
  });

  it('takes 0 bytes and the magic alone for an empty database, less for none', async () => {
    for (const text of ['', 'FS30', 'FS21']) {
      const bytes = Buffer.from(text);
      expect(await scan(bytes)).toMatchObject({
        kind: 'result',
        result: { committedEnd: bytes.length, transactionCount: 0 },
      });
      expect(await walk(bytes)).toMatchObject({ result: { position: bytes.length } });
    }
    for (const text of ['F', 'FS3', 'FS40', 'text']) {
      expect(await scan(Buffer.from(text))).toMatchObject({ kind: 'failure', code: 'damaged' });
    }
  });

  it('stops before a transaction with status c', async () => {
    const { bytes, ends } = smallDatabase();
    const last = ends[2] ?? 0;
    bytes.write('c', last + 16, 'latin1');
    expect(await scan(bytes)).toMatchObject({
      result: { committedEnd: last, stop: { position: last, reason: 'unfinished' } },
    });
    expect(await walk(bytes)).toMatchObject({ result: { position: last } });
  });

  it('counts a transaction with status u, and skips its records', async () => {
    const { bytes, ends } = smallDatabase();
    bytes.write('u', (ends[1] ?? 0) + 16, 'latin1');
    expect(await scan(bytes)).toMatchObject({
      result: { committedEnd: bytes.length, transactionCount: 3, recordCount: 2 },
    });
  });

  const second = smallDatabase().ends[1] ?? 0;
  const record = second + 23 + 8;
  it.each([
    ['a length that is too small', second + 15, 22],
    ['a length that is too large', second + 14, 0x40],
    ['a length that leads elsewhere', second + 15, 0x60],
    ['a status that is none', second + 16, 0x78],
    ['a user that passes the end', second + 17, 0xff],
    ['a record of another transaction', record + 31, 0xff],
    ['a record with a version', record + 33, 1],
    ['a record that passes the end', record + 40, 0xff],
    ['a record that ends too early', record + 41, 2],
    ['a length behind it that differs', (smallDatabase().ends[2] ?? 0) - 1, 0xee],
  ])('says where, for damage in the middle: %s', async (_, place, byte) => {
    const { bytes } = smallDatabase();
    bytes.writeUInt8(byte, place);
    const outcome = await scan(bytes);
    expect(outcome).toMatchObject({ kind: 'failure', code: 'damaged' });
    expect(outcome).toMatchObject({
      message: expect.stringContaining(`transaction at ${second} in "Data.fs"`),
    });
  });

  it('refuses a back pointer that leads forward', async () => {
    const { bytes, ends } = smallDatabase();
    const place = (ends[3] ?? 0) - 16;
    viewOf(bytes).setBigUint64(place, BigInt(bytes.length));
    expect(await scan(bytes)).toMatchObject({
      code: 'damaged',
      message: expect.stringContaining('points back to'),
    });
  });

  it('gives a result or a failure for any changed bytes, as the walk does', async () => {
    const changes = fc.array(fc.tuple(fc.nat(golden.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(changes, async (bytes) => {
        const changed = Buffer.from(golden);
        for (const [place, byte] of bytes) changed[place] = byte;
        const scanned = await scan(changed);
        const walked = await walk(changed);
        // The walk looks at less, so it may find nothing wrong; never another end.
        if (scanned.kind === 'result' && walked.kind === 'result') {
          expect(walked.result.position).toBe(scanned.result.committedEnd);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never takes a changed length for a shorter database when something valid is behind it', async () => {
    const ends: number[] = [];
    await scanTransactions(memorySource(golden), {
      from: 4,
      visitor: { transaction: ({ header }) => ends.push(transactionEnd(header)) },
    });
    const starts = [4, ...ends.slice(0, -1)];
    for (const start of starts.slice(0, -1)) {
      for (let bit = 0; bit < 64; bit++) {
        const changed = Buffer.from(golden);
        const place = start + 8 + (bit >> 3);
        changed[place] = (changed[place] ?? 0) ^ (1 << (bit & 7));
        expect([start, bit, (await scan(changed)).kind]).toEqual([start, bit, 'failure']);
        expect([start, bit, (await walk(changed)).kind]).toEqual([start, bit, 'failure']);
      }
    }
  });
});
