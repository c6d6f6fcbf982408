import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OpenBackups } from '../src/blobs/open-backups.ts';
import type { Site } from '../src/config/model/site.ts';
import { writeEvent } from '../src/copies/copied-events.ts';
import { listSite } from '../src/operations/list/list-site.ts';
import { verifySite } from '../src/operations/verify/verify-site.ts';
import { verifySiteDeep } from '../src/operations/verify/verify-site-deep.ts';
import { LATEST_BACKUP, parseRestoreTarget } from '../src/repository/restore-target.ts';
import { folderObjects } from '../src/stores/objects/folder-objects.ts';
import { objectsBelow } from '../src/stores/objects/objects-below.ts';
import {
  copiedSite,
  expectSameBlobs,
  filesBelow,
  restoreFrom,
  seenFrom,
  stampOfDay,
} from './support/copied-site.ts';
import { outcomeOf } from './support/outcome.ts';
import { scratchFolder } from './support/scratch.ts';

const scratch = scratchFolder();
const latest = { scratch, wanted: LATEST_BACKUP };

const archives = { kind: 'archives', naming: 'stamps', compression: 'gzip' } as const;
const FORMS: readonly (readonly [string, Partial<Site>])[] = [
  ['copies of the blobs', {}],
  ['archives', { blobFormat: archives }],
  ['chains of archives', { blobFormat: { kind: 'incremental-archives', compression: 'gzip' } }],
  ['no blobs', { contents: 'filestorages' }],
];

describe('a site of which nothing is there but a copy', () => {
  it.each(FORMS)(
    'comes back as it was, with %s',
    async (_, change) => {
      const { test, place, states } = await copiedSite(scratch, change);
      const { dataFs, blobs } = await restoreFrom(folderObjects(place), latest);
      expect(readFileSync(dataFs).equals(readFileSync(test.dataFs))).toBe(true);
      expect(readFileSync(`${dataFs}.index`).length).toBeGreaterThan(0);
      if (change.contents !== 'filestorages') {
        expectSameBlobs(blobs, join(test.folder, 'var/blobstorage'));
      }
      const second = await restoreFrom(folderObjects(place), {
        scratch,
        wanted: parseRestoreTarget(stampOfDay(2)),
      });
      expect(readFileSync(second.dataFs).equals(states[1] ?? Buffer.alloc(0))).toBe(true);
    },
    120_000,
  );

  it.each(FORMS)(
    'is listed and verified as the backups are, with %s',
    async (_, change) => {
      const { place, site } = await copiedSite(scratch, change);
      const seen = await seenFrom(folderObjects(place));
      const listed = async (of: Site, backups: OpenBackups) =>
        (await listSite(of, { kind: 'all', backups })).map(
          ({ place: { storage, kind }, points }) => ({
            ...{ storage, kind },
            points: points.map((one) => {
              if (one.kind === 'blobs') throw new Error('there is a Data.fs');
              const { checks: __, ...point } = one.point;
              const blobs = one.blobs.kind === 'found' ? one.blobs.match : one.blobs.kind;
              return { point, blobs, run: one.judgement.run };
            }),
          }),
        );
      expect(await listed(seen.site, seen.backups)).toEqual(await listed(site, new OpenBackups()));
      const now = () => new Date();
      const depth = { kind: 'all', depth: 'thorough', chains: 'all', now } as const;
      const [verified] = await verifySite({ site: seen.site, ...depth }, seen.context);
      expect(verified?.findings.map(({ kind }) => kind)).toEqual(Array(5).fill('good'));
      for (const { kind } of verified?.blobFindings ?? []) expect(kind).toBe('good');
      const all = { kind: 'all' } as const;
      const deep = { site: seen.site, kind: 'all', points: all, sample: all, now } as const;
      for await (const { point } of verifySiteDeep(deep, seen.context)) {
        expect(point.findings.filter(({ kind }) => kind === 'bad')).toEqual([]);
      }
    },
    120_000,
  );

  it('costs as many requests as it has files, and a few', async () => {
    const { place } = await copiedSite(scratch);
    const { requests, blobs, dataFs } = await restoreFrom(folderObjects(place), latest);
    const objects = filesBelow(place).length;
    const chain = 2;
    const index = 1;
    const files = filesBelow(blobs).length + chain + index;
    expect(requests.filter((one) => !one.startsWith('LIST') && !one.startsWith('GET'))).toEqual([]);
    expect(requests.length).toBeLessThanOrEqual(files + objects / 1000 + 5);
    expect(statSync(dataFs).size).toBeGreaterThan(0);
  }, 60_000);

  it('tells of one restore point what looks have found out since its chain began', async () => {
    const { place } = await copiedSite(scratch);
    const store = folderObjects(place);
    const requestsOf = async (looks: boolean) =>
      (await seenFrom(store, { target: LATEST_BACKUP, looks })).requests.length;
    const without = await requestsOf(false);
    const backup = { storage: 'Data', kind: 'backup' } as const;
    const at = new Date(0);
    await writeEvent(objectsBelow(store, 'sites/plone/'), backup, { checks: [], runs: [], at });
    const events = filesBelow(place).filter((path) => path.includes('/events/'));
    for (const path of events) utimesSync(join(place, path), 0, 0);
    const sinceFull = events.filter((path) => /2026-03-0[45]-/.test(path)).length;
    expect(sinceFull).toBe(2);
    expect(await requestsOf(true)).toBe(without + 1 + sinceFull);
  }, 60_000);

  it('is only read: whoever would write is told so, and nothing is there afterwards', async () => {
    const { place } = await copiedSite(scratch);
    const before = filesBelow(place);
    const { site, backups } = await seenFrom(folderObjects(place));
    const folder = site.storages[0]?.folders.backup.filestorage ?? '';
    const { store } = await backups.repository(folder);
    const file = { line: 'x', maximumBytes: 9, earlier: 'y' };
    const writing: readonly (() => Promise<unknown>)[] = [
      () => store.stage('x', []),
      () => store.append('x', file),
      () => store.rename([{ from: 'x', to: 'y' }]),
      () => store.remove('x'),
      () => store.removeTree('x'),
      () => store.link('latest', 'x'),
      () => store.lock(),
    ];
    for (const write of writing) {
      expect(await outcomeOf<unknown>(write)).toMatchObject({ kind: 'failure', code: 'system' });
    }
    expect(filesBelow(place)).toEqual(before);
  }, 60_000);

  it('does not come back where an object of it is damaged', async () => {
    const { place } = await copiedSite(scratch);
    for (const part of ['/data/', '/blobs/', '/manifests/', '/points/']) {
      const path = filesBelow(place)
        .map((one) => join(place, one))
        .findLast((one) => one.includes(part) && !/\.(index|records)$/.test(one));
      if (path === undefined) throw new Error(`there is nothing in ${part}`);
      const bytes = readFileSync(path);
      writeFileSync(path, Buffer.from(bytes).fill(bytes[0] === 1 ? 2 : 1, 0, 1));
      const outcome = await outcomeOf(() => restoreFrom(folderObjects(place), latest));
      expect([part, outcome]).toMatchObject([part, { kind: 'failure', code: 'damaged' }]);
      writeFileSync(path, bytes);
    }
    await restoreFrom(folderObjects(place), latest);
  }, 120_000);
});
