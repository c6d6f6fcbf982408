import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NOTHING_NAMED } from '../src/config/plain/plain-search.ts';
import { findPlainSite } from '../src/config/plain/plain-site.ts';
import { backUpSite } from '../src/operations/backup/backup-site.ts';
import { BY_NODE } from './support/backup-settings.ts';
import { commitBlob } from './support/buildout-site.ts';
import { growDatabase, makeSite } from './support/database.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { siteIn, type TestSite } from './support/site.ts';

const scratch = scratchFolder();
const DAY = 86_400_000;
/** The disk of the test is nearly full on purpose. */
const NEARLY_FULL = ['check', '--free', '1B:0B'];

/** Makes a small site on a disk of its own, which is there while the work is done. */
async function withSmallDisk(
  kilobytes: number,
  work: (site: TestSite) => Promise<void>,
): Promise<void> {
  const site = siteIn(join(scratch, `disk-of-${kilobytes}`));
  mkdirSync(site.folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', site.folder]);
  try {
    await makeSite(site.dataFs, 3);
    await work(site);
  } finally {
    execFileSync('umount', [site.folder]);
  }
}

/** A backup as it would have been made some days ago. */
async function backUp(test: TestSite, daysAgo: number): Promise<void> {
  const { site } = await findPlainSite(test.folder, {
    written: NOTHING_NAMED,
    purpose: 'backup',
  });
  const moment = new Date(Date.now() - daysAgo * DAY);
  await backUpSite(
    {
      ...BY_NODE,
      site: { ...site, gzip: false },
      full: 'as-set',
      now: () => moment,
    },
    quietContext(),
  );
}

/** The day that the report names, and `check` warns of, in days from now. */
async function daysInReport(site: TestSite): Promise<number | undefined> {
  await site.runWell('report', '-o', 'page.html');
  const page = readFileSync(join(site.folder, 'page.html'), 'utf8');
  const [, date] = /full about (\d{4}-\d\d-\d\d), if nothing old goes/.exec(page) ?? [];
  return date === undefined ? undefined : (Date.parse(date) - Date.now()) / DAY;
}

describe.skipIf(process.getuid?.() !== 0)(
  'the forecast of a full disk (needs root, for a disk)',
  () => {
    it('is a warning within 14 days where nothing old goes, and the report names the same day', async () => {
      await withSmallDisk(4000, async (site) => {
        for (const daysAgo of [6, 4, 2]) {
          await growDatabase(site.dataFs, { transactions: 1, bytesEach: 400_000 });
          await backUp(site, daysAgo);
        }
        const { status, stdout } = await site.run(NEARLY_FULL);
        const disk = `the disk with ${site.repository} will be full in about`;
        expect([status, stdout]).toEqual([1, expect.stringContaining(disk)]);
        const days = Number(/will be full in about (\d+) days/.exec(stdout)?.[1]);
        // The page names a date, and `check` says whole days.
        expect(Math.abs(days - ((await daysInReport(site)) ?? Infinity))).toBeLessThan(2);
        const kept = await site.run(NEARLY_FULL, { env: { ZODBVAULT_KEEP: '3' } });
        expect(kept.stdout).not.toContain('will be full');
        const off = await site.run(['check', '--free', 'off']);
        expect(off.stdout).not.toContain('will be full');
      });
    });

    it('counts what copies of blobs share once', async () => {
      await withSmallDisk(1500, async (site) => {
        for (let count = 0; count < 60; count++) await commitBlob(site.dataFs);
        for (const daysAgo of [6, 4, 2]) {
          await commitBlob(site.dataFs);
          await backUp(site, daysAgo);
        }
        const { stdout } = await site.run(NEARLY_FULL);
        expect(stdout).toMatch(/3 restore points complete/);
        expect(stdout).not.toContain('will be full');
        expect(await daysInReport(site)).toBeGreaterThan(14);
      });
    });
  },
);
