import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { NOTHING_NAMED } from '../../src/config/plain/plain-search.ts';
import { findPlainSite } from '../../src/config/plain/plain-site.ts';
import { backUpSite } from '../../src/operations/backup/backup-site.ts';
import { BY_NODE } from '../support/backup-settings.ts';
import { commitBlob, namesIn } from '../support/buildout-site.ts';
import { documentOf } from '../support/document.ts';
import { quietContext } from '../support/quiet-context.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, snapshot, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const DAY = 24 * 3600 * 1000;
const FIRST = Date.UTC(2026, 0, 1, 2);

/** Backups of a site by the dates of their nights; a full one where it says so. */
async function backUpNights(
  test: TestSite,
  nights: readonly { readonly day: number; readonly isFull?: boolean }[],
): Promise<readonly string[]> {
  const { site } = await findPlainSite(test.folder, { written: NOTHING_NAMED, purpose: 'backup' });
  for (const { day, isFull } of nights) {
    await commitBlob(test.dataFs);
    const now = () => new Date(FIRST + day * DAY);
    const full = isFull === true ? 'always' : 'as-set';
    await backUpSite({ ...BY_NODE, site, full, now }, quietContext());
  }
  return test.dataFiles().map((name) => name.slice(0, 19));
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
    expect(none.status).toBe(1);
    const [first = ''] = await backUpNights(test, [{ day: 0 }]);
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
