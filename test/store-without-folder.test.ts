import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OpenBackups } from '../src/blobs/open-backups.ts';
import { NOTHING_NAMED } from '../src/config/plain/plain-search.ts';
import { findPlainSite } from '../src/config/plain/plain-site.ts';
import { backUpSite } from '../src/operations/backup/backup-site.ts';
import { listSite } from '../src/operations/list/list-site.ts';
import { restoreToStream } from '../src/operations/restore/restore-filestorage.ts';
import { readHistory } from '../src/operations/run/past-runs.ts';
import { verifySite } from '../src/operations/verify/verify-site.ts';
import { verifySiteDeep } from '../src/operations/verify/verify-site-deep.ts';
import { LATEST_BACKUP } from '../src/repository/restore-target.ts';
import { collect } from '../src/system/streams/pipeline.ts';
import { BY_NODE } from './support/backup-settings.ts';
import { growDatabase } from './support/database.ts';
import { type MemoryStore, memoryStore } from './support/memory-store.ts';
import { outcomeOf } from './support/outcome.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite } from './support/site.ts';

const scratch = scratchFolder();

/** What keeps a store in memory for each folder that a site names, and opens them anew for each run. */
function inMemory() {
  const stores = new Map<string, MemoryStore>();
  return () => ({
    ...quietContext(),
    backups: new OpenBackups((path) => {
      const store = stores.get(path) ?? memoryStore();
      stores.set(path, store);
      return store;
    }),
  });
}

it('a Data.fs is backed up to a store that is no folder, and restored from it', async () => {
  const test = await newSite(scratch, 5);
  const found = await findPlainSite(test.folder, { written: NOTHING_NAMED, purpose: 'backup' });
  const site = { ...found.site, contents: 'filestorages', keep: 1 } as const;
  const context = inMemory();
  for (let day = 1; day <= 4; day++) {
    await growDatabase(test.dataFs, { transactions: 1 });
    const now = () => new Date(Date.UTC(2026, 2, day, 2));
    const full = day % 2 === 1 ? 'always' : 'as-set';
    await backUpSite({ ...BY_NODE, site, full, now }, context());
  }
  expect(readdirSync(test.repository)).toEqual([]);
  const now = () => new Date(Date.UTC(2026, 2, 4, 3));
  const [place] = await listSite(site, { kind: 'all', backups: context().backups });
  expect(place?.points.map((point) => point.kind === 'filestorage' && point.point.kind)).toEqual([
    'full',
    'increment',
  ]);
  const all = { site, kind: 'all', depth: 'thorough', chains: 'all', now } as const;
  const [verified] = await verifySite(all, context());
  expect(verified?.findings.map(({ kind }) => kind)).toEqual(['good', 'good']);
  const deep = {
    site,
    kind: 'all',
    points: { kind: 'all' },
    sample: { kind: 'all' },
    now,
  } as const;
  for await (const { point } of verifySiteDeep(deep, context())) expect(point.findings).toEqual([]);
  const runs = await readHistory(site, { kind: 'all', backups: context().backups });
  expect(runs.map(({ verb, result }) => [verb, result])).toEqual([
    ['verify-deep', 'done'],
    ['verify', 'done'],
    ...Array(4).fill(['backup', 'done']),
  ]);
  let restored: Uint8Array = new Uint8Array();
  const sink = async (bytes: AsyncIterable<Uint8Array>) => {
    restored = await collect(bytes);
  };
  const wanted = { repository: test.repository, wanted: LATEST_BACKUP };
  await restoreToStream(wanted, { context: context(), sink });
  expect(readFileSync(test.dataFs).equals(restored)).toBe(true);
  expect(readdirSync(join(test.folder, 'var/backups'))).toEqual([]);
}, 60_000);

it('copies of blobs go to folders of this machine alone, and a failure says so', async () => {
  const test = await newSite(scratch, 5);
  const found = await findPlainSite(test.folder, { written: NOTHING_NAMED, purpose: 'backup' });
  const settings = { ...BY_NODE, site: found.site, full: 'as-set', now: () => new Date() } as const;
  expect(await outcomeOf(() => backUpSite(settings, inMemory()()))).toMatchObject({
    kind: 'failure',
    code: 'usage',
    message: expect.stringMatching(/^Cannot use "memory:\d+".*: it is no folder of this machine$/),
  });
});
