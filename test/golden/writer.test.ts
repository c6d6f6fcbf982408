import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findCommittedEnd } from '../../src/filestorage/committed-end.ts';
import { scanTransactions } from '../../src/filestorage/scan-transactions.ts';
import { parseTid, type Tid } from '../../src/filestorage/tid.ts';
import {
  type Change,
  DatabaseWriter,
  type TransactionDraft,
} from '../../src/filestorage/writer/database-writer.ts';
import { memorySource } from '../../src/system/files/byte-source.ts';
import { fixedClock } from '../support/clock.ts';
import { listTree } from '../support/tree.ts';
import { type GoldenState, goldenStates } from './states.ts';

const scratch = mkdtempSync(join(tmpdir(), 'zodbvault-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.each(['bushy', 'lawn'] as const)(
  'writer, fed with the transactions of golden %s',
  (site) => {
    const directory = join(scratch, site);

    it('writes the same Data.fs, index and blobs as ZODB', async () => {
      const state = goldenState(site, '3-undone');
      const options = optionsFor(join(directory, 'anew'), site);
      mkdirSync(join(directory, 'anew'), { recursive: true });
      const writer = await DatabaseWriter.open(options);
      for (const draft of await draftsOf(state)) await writer.commit(draft);
      await writer.close();
      expectSameSite(options.path, state);
    });

    it('goes on with a Data.fs that ZODB wrote, an undo with it', async () => {
      const from = goldenState(site, '2-edited');
      const to = goldenState(site, '3-undone');
      const options = optionsFor(join(directory, 'continued'), site);
      cpSync(from.directory, join(directory, 'continued'), { recursive: true });
      const writer = await DatabaseWriter.open(options);
      const edit = from.facts.transactions.find(({ user }) => user.startsWith('/ editor'));
      const [undo, last] = (await draftsOf(to)).slice(from.facts.transactions.length);
      if (undo === undefined || last === undefined) throw new Error('nothing to go on with');
      await writer.undo(tidOf(edit?.tid), undo);
      await writer.commit(last);
      await writer.close();
      expectSameSite(options.path, to);
    });

    it('keeps a voted transaction out of the database, and takes it back', async () => {
      const state = goldenState(site, '4-unchanged');
      const options = optionsFor(join(directory, 'voted'), site);
      cpSync(state.directory, join(directory, 'voted'), { recursive: true });
      const writer = await DatabaseWriter.open(options);
      const oid = writer.newOid();
      const voted = await writer.vote({
        changes: [{ kind: 'blob', oid, content: Buffer.from('new') }],
      });
      const bytes = readFileSync(options.path);
      const end = await findCommittedEnd(memorySource(bytes, options.path), 4);
      expect(end.position).toBe(state.facts.committedEnd);
      expect(end.stop.reason).toBe('unfinished');
      expect(listTree(options.blobs.path).length).toBe(state.facts.blobs.length + 2);
      await voted.abort();
      await writer.close();
      expectSameSite(options.path, state);
    });

    it('cuts off half a transaction when it opens a Data.fs, as ZODB does', async () => {
      const state = goldenState(site, '6-cut-short');
      const options = optionsFor(join(directory, 'cut'), site);
      cpSync(state.directory, join(directory, 'cut'), { recursive: true });
      await (await DatabaseWriter.open(options)).close();
      const expected = readFileSync(state.dataFs).subarray(0, state.facts.committedEnd);
      expect(readFileSync(options.path).equals(expected)).toBe(true);
    });
  },
);

function optionsFor(directory: string, layout: 'bushy' | 'lawn') {
  return {
    path: join(directory, 'Data.fs'),
    blobs: { path: join(directory, 'blobstorage'), layout },
    now: fixedClock,
    sync: 'on-close',
  } as const;
}

function goldenState(site: GoldenState['site'], name: string): GoldenState {
  const state = goldenStates.find((one) => one.site === site && one.name === name);
  if (state === undefined) throw new Error(`no golden state ${site}/${name}`);
  return state;
}

function tidOf(text: string | undefined): Tid {
  const tid = parseTid(text ?? '');
  if (tid === undefined) throw new Error(`no tid: ${text}`);
  return tid;
}

/** The transactions of a golden state, as somebody would ask for them. */
async function draftsOf(state: GoldenState): Promise<readonly TransactionDraft[]> {
  const bytes = readFileSync(state.dataFs);
  const drafts: TransactionDraft[] = [];
  const pickles = new Map<number, Uint8Array>();
  const facts = new Map(
    state.facts.transactions.flatMap(({ records }) => records.map((one) => [one.pos, one])),
  );
  await scanTransactions(memorySource(bytes, state.dataFs), {
    from: 4,
    visitor: {
      pickle: (pickle, { position }) => pickles.set(position, pickle.slice()),
      transaction: ({ header, user, description, extension, records }) => {
        const changes = Array.from({ length: records.count }, (_, row): Change => {
          const { oid, position, data } = records.record(row);
          if (data.kind !== 'pickle') {
            const target = data.kind === 'back-pointer' ? data.position : 0;
            return { kind: 'back-pointer', oid, position: target };
          }
          if (facts.get(position)?.cls === 'ZODB.blob.Blob') {
            return { kind: 'blob', oid, content: blobOf(state, oid, header.tid) };
          }
          return { kind: 'pickle', oid, pickle: pickles.get(position) ?? new Uint8Array(0) };
        });
        const text = (raw: Uint8Array) => Buffer.from(raw).toString('utf8');
        drafts.push({
          tid: header.tid,
          user: text(user),
          description: text(description),
          extension,
          changes,
        });
      },
    },
  });
  return drafts;
}

function blobOf(state: GoldenState, oid: bigint, tid: bigint): Buffer {
  const ending = `0x${oid.toString(16).padStart(2, '0')}/0x${tid.toString(16).padStart(16, '0')}.blob`;
  const blob = state.facts.blobs.find(({ path }) => path.endsWith(ending));
  if (blob === undefined) throw new Error(`no blob ${ending}`);
  return readFileSync(join(state.directory, 'blobstorage', blob.path));
}

function expectSameSite(dataFs: string, golden: GoldenState): void {
  expect(readFileSync(dataFs).equals(readFileSync(golden.dataFs))).toBe(true);
  expect(readFileSync(`${dataFs}.index`).equals(readFileSync(golden.indexFile))).toBe(true);
  const blobs = join(dataFs, '../blobstorage');
  expect(listTree(blobs)).toEqual(listTree(join(golden.directory, 'blobstorage')));
}
