import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { folderStore } from '../../stores/folder-store.ts';
import { judgeContinuation, planBackup } from '../backup-plan.ts';
import { OpenRepository } from '../open-repository.ts';
import { resolvePoint } from '../restore-point.ts';
import { parseRestoreTarget } from '../restore-target.ts';
import { decodeBackupRecord, encodeBackupRecord } from './backup-record.ts';
import { catalogueOf } from './catalogue.ts';
import { readChain } from './chain.ts';

const GOLDEN = join(import.meta.dirname, '../../../test/fixtures/golden/bushy/repozo-plain');
const FIRST = '2026-03-01-04-05-06';
const scratch = scratchFolder();
let copies = 0;

/** A copy of the golden repository, changed by `damage`. */
async function goldenRepository(damage: (folder: string) => void) {
  const folder = join(scratch, String(++copies));
  mkdirSync(folder);
  cpSync(GOLDEN, folder, { recursive: true });
  damage(folder);
  const store = folderStore(folder);
  const catalogue = catalogueOf(await store.list());
  const restore = (date?: string) =>
    outcomeOf(() =>
      resolvePoint(new OpenRepository(store), {
        target: parseRestoreTarget(date),
        aim: 'restore from',
      }),
    );
  return { store, catalogue, restore };
}

const remove = (name: string) => (folder: string) => rmSync(join(folder, name));
const editDat = (edit: (text: string) => string) => (folder: string) => {
  const path = join(folder, `${FIRST}.dat`);
  writeFileSync(path, edit(readFileSync(path, 'utf8')));
};
const nothing = () => {};

describe('chain', () => {
  it('has the links that the .dat lists', async () => {
    const { store, catalogue } = await goldenRepository(nothing);
    expect(catalogue.chains.map(({ increments }) => increments.length)).toEqual([4, 1]);
    for (const files of catalogue.chains) {
      const chain = await readChain(store, files);
      expect([chain.faults, chain.links.length]).toEqual([[], files.increments.length + 1]);
    }
  });

  it.each([
    ['a lost increment', remove('2026-03-02-04-05-06.deltafs'), 'missing-file', 1],
    [
      'a gap',
      editDat((text) =>
        text.replace(/\n.*deltafs 52925/, '\n/b/2026-03-02-04-05-06.deltafs 52926'),
      ),
      'gap',
      1,
    ],
    ['a line that is broken', editDat((text) => `${text}x\n`), 'broken-dat', 5],
    [
      'a file that is not listed',
      editDat((text) => text.split('\n').slice(0, 4).concat('').join('\n')),
      'unlisted-file',
      4,
    ],
    ['no .dat', remove(`${FIRST}.dat`), 'missing-dat', 0],
    ['an empty .dat', editDat(() => ''), 'missing-dat', 0],
  ])('says what is wrong with it: %s', async (_, damage, kind, links) => {
    const { store, catalogue } = await goldenRepository(damage);
    const [files] = catalogue.chains;
    if (files === undefined) throw new Error('no chain');
    const chain = await readChain(store, files);
    expect([chain.faults[0]?.kind, chain.links.length]).toEqual([kind, links]);
    const continued = judgeContinuation(chain, {
      isFullWanted: false,
      sourceBytes: 1e6,
      judgements: new Map(),
      lostFull: undefined,
    });
    expect(continued.kind).toBe('impossible');
  });
});

describe('restore point', () => {
  it('is the newest that is not later than the date', async () => {
    const { restore } = await goldenRepository(nothing);
    for (const [date, stamp, files] of [
      [undefined, '2026-03-08-04-05-06', 2],
      ['2026-03-07-04-05-06', '2026-03-07-04-05-06', 1],
      ['2026-03-07-04-05-05', '2026-03-06-04-05-06', 5],
      ['2026-03-03', '2026-03-02-04-05-06', 2],
      [FIRST, FIRST, 1],
    ] as const) {
      const found = await restore(date);
      expect(found).toMatchObject({ kind: 'result', result: { stamp } });
      if (found.kind === 'result') expect(found.result.files.length).toBe(files);
    }
    expect(await restore('2026-03-01')).toMatchObject({ code: 'not-found' });
  });

  it('tells where its Data.fs ends, and with which transaction, as far as anything is written down', async () => {
    const { store, catalogue, restore } = await goldenRepository(nothing);
    const [files] = catalogue.chains.slice(-1);
    if (files === undefined) throw new Error('no chain');
    const last = (await readChain(store, files)).links.at(-1);
    const end = last?.range.end;
    // repozo has written no records.
    expect(await restore()).toMatchObject({ result: { end, lastTid: undefined } });
    const walked = await goldenRepository(remove(`${files.full.stamp}.dat`));
    expect(await walked.restore()).toMatchObject({
      result: { kind: 'unlisted', end: undefined, lastTid: undefined },
    });
  });

  it('is none behind a hole, and the failure names the file; in front of it, it is', async () => {
    const lost = '2026-03-03-04-05-06.deltafs';
    const { restore } = await goldenRepository(remove(lost));
    expect(await restore('2026-03-06')).toMatchObject({
      code: 'damaged',
      message: expect.stringContaining(lost),
    });
    expect((await restore('2026-03-03')).kind).toBe('result');
    expect((await restore()).kind).toBe('result'); // The next chain is whole.
  });

  it('is none where the full backup is lost, and the failure names it', async () => {
    const { restore } = await goldenRepository(remove('2026-03-07-04-05-06.fs'));
    expect(await restore()).toMatchObject({
      code: 'damaged',
      message: expect.stringContaining('2026-03-07-04-05-06.fs'),
    });
  });

  it('is none in an empty folder', async () => {
    const { restore } = await goldenRepository((folder) => {
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
    });
    expect(await restore()).toMatchObject({ code: 'not-found' });
  });
});

describe('plan of a backup', () => {
  it('gives each decision its reason', async () => {
    const known = { judgements: new Map(), lostFull: undefined };
    const { store, catalogue } = await goldenRepository(nothing);
    const [files] = catalogue.chains.slice(-1);
    if (files === undefined) throw new Error('no chain');
    const chain = await readChain(store, files);
    const judge = (isFullWanted: boolean, sourceBytes: number) =>
      judgeContinuation(chain, { isFullWanted, sourceBytes, ...known });
    const same = { kind: 'same' } as const;
    const end = chain.links.at(-1)?.range.end ?? 0;
    const noTransaction = { kind: 'no-transaction', end } as const;
    const cases = [
      [judge(true, end), undefined, end, 'full', { kind: 'asked-for' }],
      [
        judge(false, end - 1),
        undefined,
        end - 1,
        'full',
        { kind: 'shorter', sizeBytes: end - 1, backedUpBytes: end },
      ],
      [judge(false, end), same, end, 'nothing', undefined],
      [judge(false, end + 9), same, end + 9, 'increment', undefined],
      [judge(false, end), same, end - 9, 'full', { kind: 'ends-before', end: end - 9 }],
      [
        judge(false, end),
        { kind: 'differs', by: noTransaction },
        end,
        'full',
        { kind: 'no-continuation', by: noTransaction },
      ],
      [
        judgeContinuation(undefined, { isFullWanted: false, sourceBytes: 9, ...known }),
        undefined,
        9,
        'full',
        { kind: 'first' },
      ],
    ] as const;
    for (const [continuation, comparison, committedEnd, kind, reason] of cases) {
      const plan = planBackup(continuation, { comparison, committedEnd, restoredAt: undefined });
      expect(plan.kind).toBe(kind);
      expect(plan.kind === 'full' ? plan.reason : undefined).toEqual(reason);
      if (plan.kind === 'increment') expect(plan.end - plan.start).toBe(9);
    }
  });
});

describe('record beside a backup', () => {
  const record = {
    format: 2 as const,
    tool: 'zodbvault 0.1.0',
    source: '/srv/Data.fs',
    madeAt: '2026-03-01T04:05:06.000Z',
    start: 0,
    end: 100,
    md5: 'a'.repeat(32),
    firstTid: null,
    lastTid: '0'.repeat(16),
    transactionCount: 0,
    stored: { name: `${FIRST}.fsz`, sizeBytes: 1, sha256: 'b'.repeat(64) },
    index: { sizeBytes: 1, sha256: 'c'.repeat(64) },
    samples: [{ start: 0, end: 4, sha256: 'd'.repeat(64) }],
    blobs: { folder: '/srv/blobstoragebackups' },
  };

  it('comes back as it was written, and is none when it is cut', () => {
    const text = encodeBackupRecord(record);
    expect(decodeBackupRecord(text)).toEqual(record);
    for (let length = 0; length < text.length - 1; length++) {
      expect(decodeBackupRecord(text.slice(0, length))).toBeUndefined();
    }
  });

  it('may be of the format before, which says nothing of blobs', () => {
    const { blobs: _, ...older } = { ...record, format: 1 as const };
    expect(decodeBackupRecord(encodeBackupRecord(older))).toEqual(older);
  });

  it.each([
    ['a later format', { ...record, format: 3 }],
    ['a negative offset', { ...record, start: -1 }],
    ['blobs that are somewhere', { ...record, blobs: {} }],
    ['an md5 in words', { ...record, md5: 'none' }],
    ['nothing', {}],
    ['a list', []],
    ['null', null],
  ])('is none for %s', (_, value) => {
    expect(decodeBackupRecord(JSON.stringify(value))).toBeUndefined();
  });
});
