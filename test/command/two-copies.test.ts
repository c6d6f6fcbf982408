import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { growDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { packDatabase } from '../support/pack.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, siteIn, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();

interface TwoCopies {
  readonly a: TestSite;
  readonly b: TestSite;
  /** Both back up here. */
  readonly places: readonly string[];
  /** The restore points of a, b. */
  readonly stamps: readonly [string, string];
}

/** A site and a copy of it, both of which have gone on, and have one folder for their backups. */
async function twoCopies(): Promise<TwoCopies> {
  const a = await newSite(scratch, 3);
  const b = siteIn(`${a.folder}-copy`);
  cpSync(a.folder, b.folder, { recursive: true });
  const places = ['--location', `${a.folder}-bk`, '--blobbackuplocation', `${a.folder}-bkb`];
  await growDatabase(a.dataFs, { transactions: 1 });
  await a.runWell('backup', ...places);
  await growDatabase(b.dataFs, { transactions: 2 });
  await b.runWarned('backup', ...places);
  const [first = '', second = ''] = (await listed(a, places)).map(({ stamp }) => stamp);
  return { a, b, places, stamps: [first, second] };
}

interface Listed {
  readonly stamp: string;
  readonly madeOf?: { readonly path: string; readonly relation: string };
}

async function listed(site: TestSite, places: readonly string[]): Promise<readonly Listed[]> {
  return documentOf(await site.run(['list', '--json', ...places])).points;
}

/** Since 1970. */
function secondsOf(stamp: string): number {
  const [year, month, day, ...time] = stamp.split('-');
  return Date.parse(`${year}-${month}-${day}T${time.join(':')}Z`) / 1000;
}

describe('two copies of a database in one folder of backups', () => {
  it('are not mixed up by a restore that nobody is asked about', async () => {
    const { a, b, places, stamps } = await twoCopies();
    const bytes = readFileSync(a.dataFs, 'hex');
    const refuses = async () => {
      const { status, stderr } = await a.run(['restore', '-n', ...places]);
      expect([status, stderr]).toEqual([1, expect.stringContaining('two copies of the database')]);
      for (const one of [...stamps, a.dataFs, b.dataFs]) expect(stderr).toContain(one);
    };
    await refuses();
    expect(readFileSync(a.dataFs, 'hex')).toBe(bytes);
    rmSync(join(a.folder, 'var'), { recursive: true });
    await refuses();
    expect(existsSync(a.dataFs)).toBe(false);
    await a.runWell('restore', '-n', ...places, stamps[0]);
    expect(readFileSync(a.dataFs, 'hex')).toBe(bytes);
    // The newest is its own; what is known of it is said all the same.
    const { stderr } = await b.runWarned('restore', '-n', ...places);
    expect(stderr).not.toContain('two copies of the database');
  });

  it('are told apart before a question, by --dry-run, by list, and for a vague date', async () => {
    const { a, b, places, stamps } = await twoCopies();
    const said = 'contains backups of two copies of the database';
    const checked = await a.run(['check', '--free', 'off', ...places]);
    expect(checked.stdout).toMatch(/^ZODBVAULT WARNING/);
    expect(checked.stdout).toContain(
      `the newest restore point, ${stamps[1]}, is a backup of another copy of the database, "${b.dataFs}"`,
    );
    const asked = await a.run(['restore', ...places], { input: 'no\n' });
    expect(asked.stderr).toContain(said);
    const dry = await a.run(['restore', '--dry-run', ...places]);
    expect([dry.status, dry.stderr]).toEqual([3, expect.stringContaining(said)]);
    const vague = await a.run(['restore', '--dry-run', 'today', ...places]);
    expect(vague.stderr).toContain(said);
    const exact = await a.run(['restore', '--dry-run', stamps[1], ...places]);
    expect(exact.stderr).not.toContain(said);
    const listed = await a.runWell('list', ...places);
    expect(listed.stderr).toContain(`${stamps[1]}: made from "${b.dataFs}"`);
    await a.runWell('restore', '-n', '--to', 'elsewhere', ...places, stamps[0]);
    const elsewhere = await a.run(['restore', '-n', '--to', 'other', ...places]);
    expect([elsewhere.status, elsewhere.stderr]).toEqual([1, expect.stringContaining(said)]);
  });

  it('are told apart by what a restore recommends, and by check', async () => {
    const { a, b, places, stamps } = await twoCopies();
    const without = [...places, '--no-blobs'];
    await growDatabase(a.dataFs, { transactions: 1 });
    await a.run(['backup', '--full', ...without]);
    await growDatabase(b.dataFs, { transactions: 1 });
    await b.run(['backup', ...without]);
    const points = await listed(a, without);
    const [, , newest = '', last = ''] = points.map(({ stamp }) => stamp);
    expect(points.map(({ madeOf }) => madeOf)).toEqual([
      undefined,
      { path: b.dataFs, relation: 'copy' },
      undefined,
      { path: b.dataFs, relation: 'copy' },
    ]);
    const path = join(`${a.folder}-bk`, `${newest}.fsz`);
    writeFileSync(path, readFileSync(path).fill(0, 200, 201));
    await a.run(['verify', ...without]);
    const { stderr } = await a.run(['restore', '--dry-run', newest, ...without]);
    expect(stderr).toContain(`${newest} is known to be bad`);
    expect(stderr).toContain(stamps[0]);
    expect(stderr).not.toContain(stamps[1]);
    for (const [site, stamp] of [
      [a, newest],
      [b, last],
    ] as const) {
      const metrics = join(site.folder, 'zodbvault.prom');
      const { stdout } = await site.run(['check', '--json', '--metrics', metrics, ...without]);
      const written = readFileSync(metrics, 'utf8');
      const [, time] = /newest_backup_timestamp_seconds\{.*\} (\S+)/.exec(written) ?? [];
      expect(Number(time)).toBe(secondsOf(stamp));
      expect(stdout).toContain(
        `the last backup ended with a warning: \\"${site.dataFs}\\" is another`,
      );
    }
  });

  it('are told apart by what is named as the way around a damaged one', async () => {
    const { a, places, stamps } = await twoCopies();
    const without = [...places.slice(0, 2), '--no-blobs'];
    const path = join(`${a.folder}-bk`, `${stamps[0]}.fsz`);
    writeFileSync(path, readFileSync(path).fill(0, 200, 300));
    const { status, stderr } = await a.run(['restore', '-n', stamps[0], ...without]);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('as no backup here goes without'),
    ]);
    expect(stderr).not.toContain(stamps[1]);
    // Of what the whole chain was made, one of its records tells; and then no other one is here.
    rmSync(path);
    const hole = await a.run(['restore', '-n', stamps[0], ...without]);
    expect([hole.status, hole.stderr]).toEqual([1, expect.not.stringContaining(stamps[1])]);
  });

  it('are missed by no check, also where both are other copies than the site', async () => {
    const { a, b, places, stamps } = await twoCopies();
    const third = siteIn(`${a.folder}-third`);
    cpSync(a.folder, third.folder, { recursive: true });
    const { status, stdout } = await third.run(['check', '--free', 'off', ...places]);
    expect([status, stdout]).toEqual([
      1,
      expect.stringContaining(
        `the newest restore point, ${stamps[1]}, is a backup of another copy of the database, "${b.dataFs}"; the folder also contains backups of "${a.dataFs}"`,
      ),
    ]);
  });

  it('are one where a site has moved, and where one that has none is made of them', async () => {
    const a = await newSite(scratch, 3);
    const places = ['--location', `${a.folder}-bk`, '--no-blobs'];
    await a.runWell('backup', ...places);
    const moved = siteIn(`${a.folder}-moved`);
    renameSync(a.folder, moved.folder);
    await growDatabase(moved.dataFs, { transactions: 1 });
    await moved.runWell('backup', ...places);
    await moved.runWell('restore', '-n', ...places);
    const staging = siteIn(`${a.folder}-staging`);
    const words = ['--datafs', staging.dataFs, ...places];
    await moved.runWell('restore', '-n', ...words);
    expect(readFileSync(staging.dataFs).equals(readFileSync(moved.dataFs))).toBe(true);
    renameSync(moved.folder, a.folder);
    await a.runWell('restore', '-n', ...places);
  });
});

describe('two databases in one folder of backups', () => {
  it('are called that by list, check and restore', async () => {
    const [site, other] = [await newSite(scratch, 4), await newSite(scratch, 3)];
    await growDatabase(site.dataFs, { transactions: 1 });
    const places = ['--location', `${site.folder}-bk`, '--no-blobs'];
    await site.runWell('backup', ...places);
    await other.run(['backup', ...places]);
    const [, newest] = await listed(site, places);
    expect(newest?.madeOf).toEqual({ path: other.dataFs, relation: 'database' });
    const { stderr } = await site.runWell('list', ...places);
    expect(stderr).toContain(`made from "${other.dataFs}", which is another database`);
    const { stdout } = await site.run(['check', '--free', 'off', ...places]);
    expect(stdout).toContain(
      `${newest?.stamp}, is a backup of another database, "${other.dataFs}": give each database`,
    );
    const restore = await site.run(['restore', '--dry-run', 'today', ...places]);
    expect(restore.stderr).toContain('contains backups of two databases');
  });

  it('may be one where a pack has left nothing that would tell: the old backups stay, with a note', async () => {
    const before = await newSite(scratch, 3);
    const places = ['--location', `${before.folder}-bk`, '--no-blobs'];
    await before.runWell('backup', ...places);
    rmSync(before.folder, { recursive: true });
    const site = await newSite(scratch, 3);
    await packDatabase(site.dataFs);
    const { stderr } = await site.runWell('backup', '--keep', '1', ...places);
    expect(stderr).toContain(
      `, made from "${before.dataFs}", may be of this database, before it was moved and packed, or of another one`,
    );
    expect(await listed(site, places)).toHaveLength(2);
  });

  it('are one where a site was moved, and packed before its first backup there', async () => {
    const site = await newSite(scratch, 3);
    const places = ['--location', `${site.folder}-bk`, '--no-blobs'];
    await site.runWell('backup', ...places);
    const moved = siteIn(`${site.folder}-moved`);
    renameSync(site.folder, moved.folder);
    await growDatabase(moved.dataFs, { transactions: 2 });
    await packDatabase(moved.dataFs);
    const { stderr } = await moved.runWell('backup', '--keep', '1', ...places);
    expect(stderr).not.toContain('another');
    expect(await listed(moved, places)).toEqual([
      expect.objectContaining({ type: 'full', transactions: expect.any(Number) }),
    ]);
  });
});
