import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Site } from '../../src/config/model/site.ts';
import { NOTHING_NAMED } from '../../src/config/plain/plain-search.ts';
import { findPlainSite } from '../../src/config/plain/plain-site.ts';
import { backUpSite } from '../../src/operations/backup/backup-site.ts';
import { BY_NODE } from '../support/backup-settings.ts';
import { blobFiles } from '../support/blobs.ts';
import { commitBlob, dataFilesIn, namesIn } from '../support/buildout-site.ts';
import { growDatabase, makeSite } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { quietContext } from '../support/quiet-context.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, snapshot, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const DAY = 24 * 3600 * 1000;
const FIRST = Date.UTC(2026, 0, 1, 2);

/** A backup as at a moment, of a site as its `zodbvault.toml` says it. */
async function backUpAt(
  test: TestSite,
  moment: number,
  {
    change = (site) => site,
    isFull = false,
    tag,
  }: {
    readonly change?: (site: Site) => Site;
    readonly isFull?: boolean;
    readonly tag?: string;
  } = {},
): Promise<void> {
  const { site } = await findPlainSite(test.folder, { written: NOTHING_NAMED, purpose: 'backup' });
  const full = isFull ? 'always' : 'as-set';
  const now = () => new Date(moment);
  await backUpSite({ ...BY_NODE, site: change(site), full, tag, now }, quietContext());
}

/** Backups of a site by the dates of their nights; a full one where it says so. */
async function backUpNights(
  test: TestSite,
  nights: readonly { readonly day: number; readonly isFull: boolean }[],
): Promise<readonly string[]> {
  for (const { day, isFull } of nights) {
    await commitBlob(test.dataFs);
    await backUpAt(test, FIRST + day * DAY, { isFull });
  }
  return stampsOf(test);
}

const stampsOf = (test: TestSite) => test.dataFiles().map((name) => name.slice(0, 19));
const copiesOf = (test: TestSite) =>
  namesIn(join(test.folder, 'var/blobstoragebackups'))
    .filter((name) => /\.\d{4}(-\d\d){5}$/.test(name))
    .map((name) => name.slice(-19));

/** Three months with a backup every fifth night: the second chain begins in February, and goes on into March. */
const MONTHS = Array.from({ length: 18 }, (_, index) => ({
  day: index * 5,
  isFull: index % 7 === 0,
}));

describe('backups of months', () => {
  let test: TestSite;
  let all: readonly string[];
  const RULES = ['--keep-daily', '3', '--keep-monthly', '3'];
  beforeAll(async () => {
    test = await newSite(scratch, 3);
    all = await backUpNights(test, MONTHS);
  });

  it('are shown, each with what becomes of it, why, and what that costs; nothing changes', async () => {
    const before = snapshot(test.repository);
    const { points, freedBytes, outcome } = documentOf(
      await test.runWell('prune', '--dry-run', '--json', ...RULES),
    );
    expect(snapshot(test.repository)).toEqual(before);
    expect(outcome).toBe('planned');
    expect(points.map(({ stamp }: { stamp: string }) => stamp)).toEqual(all);
    const going = points.filter(({ stays }: { stays: boolean }) => !stays);
    expect(going).toMatchObject([
      { stamp: '2026-03-02-02-00-00', type: 'increment', reasons: ['no rule keeps it'] },
      { stamp: '2026-03-07-02-00-00', type: 'increment', reasons: ['no rule keeps it'] },
    ]);
    expect(freedBytes).toBeGreaterThanOrEqual(going[0].bytes + going[1].bytes);
    const last = points.at(-1);
    expect(last).toMatchObject({ stays: true });
    expect(last.reasons).toContain('the newest');
    expect(last.bytes).toBeGreaterThan(0);
    const table = await test.runWell('prune', '--dry-run', ...RULES);
    for (const stamp of all) expect(table.stdout).toContain(stamp);
    expect(table.stdout).toMatch(/newest of the month 2026-02/);
    expect(table.stdout).toMatch(/needs it/);
    expect(table.stderr).toContain('16 restore points would stay, 2 would go');
  });

  it('go as tails of chains, with their blobs, and the rest gives back what was backed up', async () => {
    const pruned = await test.runWell('prune', '--json', ...RULES);
    expect(documentOf(pruned)).toMatchObject({ outcome: 'done' });
    const left = stampsOf(test);
    expect(left).toHaveLength(16);
    expect(copiesOf(test)).toEqual(left);
    expect((await test.runWell('verify')).status).toBe(0);
    const again = documentOf(await test.runWell('prune', '--json', ...RULES));
    expect(again.removed).toMatchObject([{ fileNames: [] }]);
    const target = join(test.folder, 'elsewhere');
    await test.runWell('restore', '-n', '--to', target, left[11] ?? '');
  });

  it('go as whole chains where nothing of them stays', async () => {
    await test.runWell('prune', '--keep-daily', '1');
    const left = stampsOf(test);
    expect(left).toEqual(all.slice(14));
    expect(copiesOf(test)).toEqual(left);
    const { status } = await test.run(['verify', '--deep']);
    expect(status).toBe(0);
  });
});

describe('a tag', () => {
  it('keeps a restore point from all rules and from "delete", until it is removed', async () => {
    const test = await newSite(scratch, 3);
    const nights = [0, 1, 2].map((day) => ({ day, isFull: true }));
    const [first = '', second = ''] = await backUpNights(test, nights);
    const given = await test.runWell('tag', 'before-upgrade', first);
    expect(given.stdout).toContain(`${first} has the tag "before-upgrade"`);
    await commitBlob(test.dataFs);
    await test.runWell('backup', '--full', '--keep', '1', '--tag', 'after');
    const [, newest = ''] = stampsOf(test);
    expect(stampsOf(test)).toEqual([first, newest]);
    expect(copiesOf(test)).toEqual([first, newest]);
    const listed = await test.runWell('list');
    expect(listed.stdout).toContain('before-upgrade');
    expect(documentOf(await test.runWell('list', '--json')).points).toMatchObject([
      { stamp: first, tags: ['before-upgrade'] },
      { stamp: newest, tags: ['after'] },
    ]);
    await test.runWell('report');
    expect(readFileSync(join(test.folder, 'zodbvault-report.html'), 'utf8')).toContain(
      'before-upgrade',
    );
    const refused = await test.run(['delete', '-n', first]);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining('zodbvault tag --remove before-upgrade'),
    ]);
    expect(second).not.toBe('');
    await test.runWell('tag', '--remove', 'before-upgrade');
    await test.runWell('prune', '--keep', '1');
    expect(stampsOf(test)).toEqual([newest]);
    await test.runWell('tag', '--remove', 'after');
    expect(readdirSync(test.repository)).not.toContain('.zodbvault.tags.json');
  });

  it('is refused by what it can’t be for, and changes nothing', async () => {
    const test = await newSite(scratch, 3);
    const none = await test.run(['tag', 'x']);
    expect([none.status, none.stderr]).toEqual([1, expect.stringContaining('Cannot find backups')]);
    const [first = ''] = await backUpNights(test, [{ day: 0, isFull: true }]);
    const before = snapshot(test.repository);
    for (const [words, status, said] of [
      [['tag', 'two words'], 2, 'as a tag'],
      [['tag', 'x', '2026-01-09-00-00-00'], 1, 'no backup is called 2026-01-09-00-00-00'],
      [['tag', 'x', 'yesterday'], 2, 'whole date'],
      [['tag', '--remove', 'x'], 1, 'no restore point has it'],
      [['backup', '--tag', '-x'], 2, 'as a tag'],
    ] as const) {
      const done = await test.run([...words]);
      expect([words, done.status, done.stderr]).toEqual([
        words,
        status,
        expect.stringContaining(said),
      ]);
    }
    expect(snapshot(test.repository)).toEqual(before);
    appendFileSync(join(test.repository, `${first}.fsz`), 'x');
    const bad = await test.run(['tag', 'x']);
    expect([bad.status, bad.stderr]).toEqual([1, expect.stringContaining('it is not intact')]);
  });

  it('that nobody can read lets nothing old go', async () => {
    const test = await newSite(scratch, 3);
    const all = await backUpNights(
      test,
      [0, 1, 2].map((day) => ({ day, isFull: true })),
    );
    writeFileSync(join(test.repository, '.zodbvault.tags.json'), '{}\n');
    const warned = await test.runWarned('prune', '--keep', '1');
    expect(warned.stderr).toContain('.zodbvault.tags.json');
    expect(stampsOf(test)).toEqual(all);
    const planned = documentOf(await test.runWell('prune', '--dry-run', '--keep', '1', '--json'));
    expect(planned.points[0].reasons).toEqual(['".zodbvault.tags.json" cannot be read']);
    rmSync(join(test.repository, '.zodbvault.tags.json'));
    await test.runWell('prune', '--keep', '1');
    expect(stampsOf(test)).toEqual(all.slice(2));
  });
});

describe('rules in a zodbvault.toml', () => {
  const write = (test: TestSite, ...lines: readonly string[]) =>
    writeFileSync(join(test.folder, 'zodbvault.toml'), `${lines.join('\n')}\n`);

  it('are obeyed by a backup, and its dry run says the same', async () => {
    const test = await newSite(scratch, 3);
    const today = Math.floor((Date.now() - FIRST) / DAY);
    const nights = [6, 5, 4, 3].map((ago) => ({ day: today - ago, isFull: true }));
    const [, , , last] = await backUpNights(test, nights);
    write(test, 'keep_daily = 2', 'full_every = "3d"');
    await commitBlob(test.dataFs);
    const planned = await test.runWell('backup', '--dry-run');
    expect(planned.stdout).toContain('a full backup is due 3d after the last one');
    expect(planned.stdout.match(/Remove \(no rule keeps it\)/g)).toHaveLength(3);
    await test.runWell('backup');
    expect(stampsOf(test).slice(0, -1)).toEqual([last]);
    expect(copiesOf(test)).toEqual(stampsOf(test));
    await commitBlob(test.dataFs);
    await test.runWell('backup');
    expect(readdirSync(test.repository).filter((name) => name.endsWith('.deltafsz'))).toHaveLength(
      1,
    );
    const shown = documentOf(await test.runWell('config', '--json')).sites[0].settings;
    expect(shown).toContainEqual(
      expect.objectContaining({ name: 'keep', value: 'as the rules say' }),
    );
  });

  it.each([
    [['keep = 0', 'keep_daily = 7'], 'keep = 0: it keeps all'],
    [['keep_within = "30"'], 'keep_within = 30: write a number with h, d, w, m (months) or y'],
    [['full_every = 30'], 'full_every: write a string'],
    [['keep_daily = -1'], 'keep_daily: a whole number'],
    [['only_blobs = true', 'keep_daily = 7'], 'only_blobs makes none'],
  ])('are refused where they say nothing that can be done: %j', async (lines, said) => {
    const test = await newSite(scratch, 3);
    write(test, ...lines);
    const { status, stderr } = await test.run(['backup']);
    expect([status, stderr]).toEqual([2, expect.stringContaining(said)]);
    expect(stderr).toContain('zodbvault.toml:');
    expect(namesIn(join(test.folder, 'var'))).not.toContain('backups');
  });

  it('and options that contradict each other are refused', async () => {
    const test = await newSite(scratch, 3);
    const { status, stderr } = await test.run(['backup', '--keep', '0', '--keep-daily', '7']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('--keep 0')]);
  });
});

describe('several storages', () => {
  it('stay restorable together, and get a tag together', async () => {
    const test = await newSite(scratch, 3);
    const catalog = join(test.folder, 'var/filestorage/catalog.fs');
    await makeSite(catalog, 3);
    writeFileSync(
      join(test.folder, 'zodbvault.toml'),
      'additional_filestorages = [{ name = "catalog", datafs = "var/filestorage/catalog.fs" }]\n',
    );
    const at = (name: string) => ({ filestorage: join(test.folder, 'var', name) });
    const folders = {
      backup: at('backups_catalog'),
      snapshot: at('snapshotbackups_catalog'),
      zip: at('zipbackups_catalog'),
    };
    const withCatalog = (site: Site): Site => ({
      ...site,
      storages: [{ name: 'catalog', dataFs: catalog, folders }, ...site.storages],
    });
    // The catalog changes in the first and the third night only, and is backed up before the Data.fs.
    const today = Math.floor((Date.now() - FIRST) / DAY);
    for (const [index, ago] of [5, 4, 3, 2, 1].entries()) {
      await commitBlob(test.dataFs);
      if (index % 2 === 0 && index < 3) await growDatabase(catalog, { transactions: 1 });
      await backUpAt(test, FIRST + (today - ago) * DAY, { change: withCatalog });
    }
    const folder = join(test.folder, 'var/backups_catalog');
    const ofCatalog = () => dataFilesIn(folder).map((name) => name.slice(0, 19));
    const [first = '', third = ''] = ofCatalog();
    const [, second = ''] = stampsOf(test);
    await test.runWell('tag', 'together', second);
    const tagged = documentOf(await test.runWell('list', '--json')).points.filter(
      ({ tags }: { tags?: string[] }) => tags?.includes('together'),
    );
    expect(tagged).toMatchObject([
      { storage: 'catalog', stamp: first },
      { storage: 'Data', stamp: second },
    ]);
    await test.runWell('tag', '--remove', 'together');
    await test.runWell('prune', '--keep-daily', '4');
    // A restore to the second night takes the catalog of the first one.
    expect(ofCatalog()).toEqual([first, third]);
    const plan = await test.runWell('prune', '--dry-run', '--keep-daily', '2', '--json');
    const points = documentOf(plan).points.filter(
      ({ storage }: { storage: string }) => storage === 'catalog',
    );
    expect(points).toMatchObject([{ stamp: first }, { stamp: third, stays: true }]);
    expect(points[1].reasons).toContain('the newest');
  });
});

describe('archives of blobs', () => {
  it('that others continue go when the last restore point of theirs goes', async () => {
    const test = await newSite(scratch, 3);
    writeFileSync(
      join(test.folder, 'zodbvault.toml'),
      'archive_blob = true\nincremental_blobs = true\n',
    );
    const today = Math.floor((Date.now() - FIRST) / DAY);
    for (const [index, ago] of [7, 6, 5, 4, 3, 2, 1].entries()) {
      await commitBlob(test.dataFs);
      await backUpAt(test, FIRST + (today - ago) * DAY, {
        change: (site) => ({
          ...site,
          blobFormat: { kind: 'incremental-archives', compression: 'none' },
        }),
        isFull: index === 0 || index % 3 === 1,
        ...(index < 2 && { tag: ['oldest', 'second'][index] ?? '' }),
      });
    }
    const all = stampsOf(test);
    const archives = () => namesIn(join(test.folder, 'var/blobstoragebackups'));
    await test.runWell('prune', '--keep-daily', '1');
    // The tag keeps the full backup, the rest of its chain went; of its archives none can go alone.
    expect(stampsOf(test)).toEqual([all[0], all[1], ...all.slice(4)]);
    expect(archives().some((name) => name.includes(all[3] ?? '?'))).toBe(true);
    await test.runWell('tag', '--remove', 'second');
    await test.runWell('prune', '--keep-daily', '1');
    expect(stampsOf(test)).toEqual([all[0], ...all.slice(4)]);
    for (const stamp of all.slice(1, 4)) {
      expect(archives().filter((name) => name.includes(stamp))).toEqual([]);
    }
    expect((await test.runWell('verify')).status).toBe(0);
    await test.runWell('restore', '-n', '--to', join(test.folder, 'elsewhere'));
  });
});

describe('in doubt', () => {
  const keepRules = { daily: 3, weekly: 0, monthly: 0, yearly: 0 };
  const withRules = (site: Site): Site => ({ ...site, keepRules });

  it('a run with a clock that is a year ahead removes nothing, and the next ones go on', async () => {
    const test = await newSite(scratch, 3);
    const backUp = async (day: number) => {
      await commitBlob(test.dataFs);
      await backUpAt(test, FIRST + day * DAY, { change: withRules, isFull: true });
    };
    for (const day of [0, 1, 2, 3]) await backUp(day);
    const before = stampsOf(test);
    expect(before).toHaveLength(3);
    await backUp(365 + 4);
    expect(stampsOf(test).slice(0, -1)).toEqual(before);
    for (const day of [4, 5, 6]) await backUp(day);
    // Three nights with their own dates, and the one that was ahead: it takes nobody's place.
    expect(stampsOf(test)).toHaveLength(4);
    expect((await test.runWell('verify')).status).toBe(0);
  });

  it('while blobs are lost that an older backup has, nothing goes by these rules', async () => {
    const test = await newSite(scratch, 3);
    const all = await backUpNights(
      test,
      [0, 1, 2].map((day) => ({ day, isFull: true })),
    );
    const [lost = ''] = blobFiles(join(test.folder, 'var/blobstorage'));
    rmSync(join(test.folder, 'var/blobstorage', lost));
    const warned = await test.runWarned('backup', '--full', '--keep-daily', '1');
    expect(warned.stderr).toContain(lost.slice(0, 10));
    expect(stampsOf(test).slice(0, 3)).toEqual(all);
    const planned = documentOf(
      await test.run(['prune', '--dry-run', '--keep-daily', '1', '--json']),
    );
    for (const { reasons } of planned.points) {
      expect(reasons).toContain('the live blob directory has lost blobs that an older backup has');
    }
  });
});

describe('"repozo -k"', () => {
  it('leaves what has a tag', async () => {
    const test = await newSite(scratch, 3);
    const [first = ''] = await backUpNights(
      test,
      [0, 1].map((day) => ({ day, isFull: true })),
    );
    await test.runWell('tag', 'x', first);
    await growDatabase(test.dataFs, { transactions: 1 });
    await test.runWell('repozo', '-B', '-F', '-k', '-r', test.repository, '-f', test.dataFs);
    expect(stampsOf(test)).toEqual([first, stampsOf(test).at(-1)]);
  });
});
