import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCommittedEnd, isTransactionBoundary } from '../../src/filestorage/committed-end.ts';
import { indexFits } from '../../src/filestorage/index/index-check.ts';
import { decodeIndex } from '../../src/filestorage/index/index-decoder.ts';
import { encodeIndex } from '../../src/filestorage/index/index-encoder.ts';
import { OidIndex } from '../../src/filestorage/index/oid-index.ts';
import { formatOid, oidFrom } from '../../src/filestorage/oid.ts';
import {
  decodeRecordPickle,
  type RecordPickle,
} from '../../src/filestorage/pickle/record-pickle.ts';
import { scanTransactions } from '../../src/filestorage/scan-transactions.ts';
import { formatTid, formatTidTime } from '../../src/filestorage/tid.ts';
import { memorySource, openFileSource } from '../../src/system/files/byte-source.ts';
import { GOLDEN, goldenStates } from './states.ts';

describe.each(goldenStates)('golden state $site/$name', (state) => {
  const bytes = readFileSync(state.dataFs);
  const source = memorySource(bytes, state.dataFs);

  it('has the transactions and records that ZODB finds', async () => {
    const found: unknown[] = [];
    const pickles = new Map<number, string>();
    const result = await scanTransactions(source, {
      from: 4,
      visitor: {
        pickle: (pickle, { position }) => {
          pickles.set(position, createHash('md5').update(pickle).digest('hex'));
        },
        transaction: ({ header, user, description, extension, records }) => {
          found.push({
            pos: header.position,
            tid: formatTid(header.tid),
            time: formatTidTime(header.tid),
            status: header.status,
            user: Buffer.from(user).toString(),
            description: Buffer.from(description).toString(),
            length: header.length,
            extensionLength: extension.length,
            records: Array.from({ length: records.count }, (_, row) => {
              const { oid, position, data } = records.record(row);
              return {
                oid: formatOid(oid),
                pos: position,
                md5: pickles.get(position),
                length: data.kind === 'pickle' ? data.length : 0,
                pointsBack: data.kind === 'back-pointer',
              };
            }),
          });
        },
      },
    });
    expect(found).toEqual(
      state.facts.transactions.map((transaction) => ({
        ...transaction,
        records: transaction.records.map(({ oid, pos, length, md5, dataTxn }) => ({
          oid,
          pos,
          md5: dataTxn === null ? md5 : undefined,
          length: dataTxn === null ? length : 0,
          pointsBack: dataTxn !== null,
        })),
      })),
    );
    expect(result.committedEnd).toBe(state.facts.committedEnd);
    expect(formatTid(result.lastTid)).toBe(state.facts.lastTid);
    expect(bytes.length).toBe(state.facts.fileSize);
  });

  it('has records of the classes, and with the references, that ZODB finds', async () => {
    const found = new Map<number, RecordPickle>();
    await scanTransactions(source, {
      from: 4,
      visitor: {
        pickle: (pickle, { position }) => found.set(position, decodeRecordPickle(pickle)),
      },
    });
    const own = state.facts.transactions
      .flatMap(({ records }) => records)
      .filter(({ dataTxn }) => dataTxn === null);
    expect(found.size).toBe(own.length);
    for (const { pos, cls, refs } of own) {
      const record = found.get(pos);
      expect(record?.className).toBe(cls);
      expect([...new Set(record?.references.map(({ oid }) => formatOid(oid)))].sort()).toEqual(
        refs,
      );
    }
  });

  it('has its committed end where ZODB finds it, walked from any transaction', async () => {
    for (const from of [4, ...state.facts.transactions.map(({ pos }) => pos)]) {
      const end = await findCommittedEnd(source, from);
      expect(end.position).toBe(state.facts.committedEnd);
      expect(formatTid(end.lastTid)).toBe(state.facts.lastTid);
      expect(await isTransactionBoundary(source, from)).toBe(true);
      expect(await isTransactionBoundary(source, from + 1)).toBe(false);
    }
  });

  it('gives the index that ZODB has', async () => {
    const index = new OidIndex();
    await scanTransactions(source, {
      from: 4,
      visitor: { transaction: ({ records }) => index.apply(records) },
    });
    const expected = Object.entries(state.facts.index);
    expect(index.size).toBe(expected.length);
    for (const [oid, position] of expected) {
      expect([oid, index.get(oidFrom(BigInt(`0x${oid}`)))]).toEqual([oid, position]);
    }
  });

  it('has a Data.fs.index that is read, and written back to the byte', async () => {
    const file = readFileSync(state.indexFile);
    const decoded = await decodeIndex([file]);
    if (decoded === undefined) throw new Error('not decoded');
    const written = Buffer.concat([
      ...encodeIndex(decoded.index, { position: decoded.position, magic: 'FS30' }),
    ]);
    expect(written.equals(file)).toBe(true);
    expect(await indexFits(source, decoded)).toBe(decoded.position <= state.facts.committedEnd);
  });
});

describe('index of a golden backup', () => {
  const backups = [
    ['1-first', '2026-03-01'],
    ['2-edited', '2026-03-02'],
    ['3-undone', '2026-03-03'],
    ['5-unfinished-commit', '2026-03-05'],
    ['6-cut-short', '2026-03-06'],
    ['7-packed', '2026-03-07'],
    ['8-after-pack', '2026-03-08'],
  ] as const;
  const cases = backups.flatMap(([state, day]) =>
    (['bushy', 'lawn'] as const).map((site) => ({ site, state, day })),
  );

  it.each(cases)('equals what a walk of $site/$state gives', async ({ site, state, day }) => {
    await using source = await openFileSource(join(GOLDEN, site, 'states', state, 'Data.fs'));
    const index = new OidIndex();
    const { committedEnd } = await scanTransactions(source, {
      from: 4,
      visitor: { transaction: ({ records }) => index.apply(records) },
    });
    const written = Buffer.concat([
      ...encodeIndex(index, { position: committedEnd, magic: 'FS30' }),
    ]);
    const golden = readFileSync(join(GOLDEN, site, 'repozo-plain', `${day}-04-05-06.index`));
    expect(written.equals(golden)).toBe(true);
  });
});
