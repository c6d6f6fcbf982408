import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Site } from '../src/config/model/site.ts';
import { NOTHING_NAMED } from '../src/config/plain/plain-search.ts';
import { findPlainSite } from '../src/config/plain/plain-site.ts';
import { type Oid, ROOT_OID } from '../src/filestorage/oid.ts';
import { reference } from '../src/filestorage/writer/object-state.ts';
import { backUpSite } from '../src/operations/backup/backup-site.ts';
import { verifySiteDeep } from '../src/operations/verify/verify-site-deep.ts';
import { LATEST_BACKUP } from '../src/repository/restore-target.ts';
import { BY_NODE } from './support/backup-settings.ts';
import { growDatabase, openDatabase } from './support/database.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite, type TestSite } from './support/site.ts';

const scratch = scratchFolder();
const KEEP = 2;
const NEVER_THERE = 0xff_ffffn as Oid;

async function siteOf({ folder }: TestSite): Promise<Site> {
  const { site } = await findPlainSite(folder, { written: NOTHING_NAMED, purpose: 'backup' });
  return { ...site, keep: KEEP };
}

/** Lets the root lead to an object that was never there, as an old POSKeyError does. */
async function breakDatabase(path: string): Promise<void> {
  await using writer = await openDatabase(path);
  const data = new Map([['lost', reference('mapping', NEVER_THERE)]]);
  await writer.commit({
    changes: [{ kind: 'state', oid: ROOT_OID, state: { kind: 'mapping', data } }],
  });
}

/** A commit, a backup and a deep verification, all of one night in March. */
async function night(day: number, { test, full }: { test: TestSite; full: boolean }) {
  await growDatabase(test.dataFs, { transactions: 1 });
  const site = await siteOf(test);
  const now = () => new Date(Date.UTC(2026, 2, day, 2));
  await backUpSite(
    {
      ...BY_NODE,
      site,
      full: full ? 'always' : 'as-set',
      now,
    },
    quietContext(),
  );
  const later = () => new Date(Date.UTC(2026, 2, day, 3));
  const points = { kind: 'one', target: LATEST_BACKUP } as const;
  const settings = { site, kind: 'backup', points, sample: { kind: 'all' }, now: later } as const;
  let problems = 0;
  for await (const { point } of verifySiteDeep(settings, quietContext())) {
    problems += point.findings.filter(({ kind }) => kind === 'bad').length;
  }
  return problems;
}

const fullsOf = (test: TestSite) => test.dataFiles().filter((name) => /\.fsz?$/.test(name));
const copiesOf = (test: TestSite) =>
  readdirSync(join(test.folder, 'var/blobstoragebackups')).filter((name) => /\.2026-/.test(name));

describe('thirty nights', () => {
  it.each([
    ['with a full backup each night', 1],
    ['with increments between full backups', 5],
  ])('of a site that is faulty since long, %s, keep what "keep" says', async (_, every) => {
    const test = await newSite(scratch, 3);
    await breakDatabase(test.dataFs);
    for (let day = 1; day <= 30; day++) {
      expect(await night(day, { test, full: day % every === 0 })).toBeGreaterThan(0);
      expect(fullsOf(test).length).toBeLessThanOrEqual(KEEP + 1);
      expect(copiesOf(test).length).toBe(test.dataFiles().length);
    }
    const checked = await test.run(['check', '--backup-age', 'off', '--verify-age', 'off']);
    expect(checked.stdout).toContain('WARNING - ');
    expect(checked.stdout.split('the site itself has 1 fault').length).toBe(2);
    expect(checked.status).toBe(1);
  });

  it('of a site that gets faulty keep the last backup without the fault, and its blobs', async () => {
    const test = await newSite(scratch, 3);
    for (let day = 1; day <= 3; day++) await night(day, { test, full: true });
    const good = fullsOf(test).at(-1);
    await breakDatabase(test.dataFs);
    for (let day = 4; day <= 30; day++) {
      await night(day, { test, full: true });
      expect(fullsOf(test)).toContain(good);
      expect(copiesOf(test).length).toBe(test.dataFiles().length);
    }
    expect(fullsOf(test).length).toBe(KEEP + 1);
    const refused = await test.run(['restore', '-n']);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`"zodbvault restore -n ${good?.slice(0, 19)}"`);
    await test.runWell('restore', '-n', good?.slice(0, 19) ?? '');
    expect((await test.run(['check', '--backup-age', 'off'])).status).toBe(2);
  });
});
