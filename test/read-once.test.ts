import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { OpenBackups } from '../src/blobs/open-backups.ts';
import type { Site } from '../src/config/model/site.ts';
import { NOTHING_NAMED } from '../src/config/plain/plain-search.ts';
import { findPlainSite } from '../src/config/plain/plain-site.ts';
import { backUpSite, planSiteBackup } from '../src/operations/backup/backup-site.ts';
import type { SiteBackupSettings } from '../src/operations/backup/site-backup-settings.ts';
import { readBackupDisks } from '../src/operations/inspect/disk-growth.ts';
import { judgeRuns } from '../src/operations/inspect/judged-runs.ts';
import { readSiteHealth } from '../src/operations/inspect/site-health.ts';
import { listSite } from '../src/operations/list/list-site.ts';
import { planWithWarnings } from '../src/operations/restore/restore-site.ts';
import { readHistory } from '../src/operations/run/past-runs.ts';
import { verifySite } from '../src/operations/verify/verify-site.ts';
import { LATEST_BACKUP } from '../src/repository/restore-target.ts';
import { folderStore } from '../src/stores/folder-store.ts';
import { BY_NODE } from './support/backup-settings.ts';
import { COMMAND, runProgram } from './support/command.ts';
import { growDatabase } from './support/database.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite, type TestSite } from './support/site.ts';

const scratch = scratchFolder();
const POINTS = 25;
const hasStrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
if (!hasStrace)
  console.log('strace is missing, or not allowed: opens of the command are not counted');

let test: TestSite;

async function siteOf({ folder }: TestSite): Promise<Site> {
  return (await findPlainSite(folder, { written: NOTHING_NAMED, purpose: 'backup' })).site;
}

async function settingsOf(day: number): Promise<SiteBackupSettings> {
  const now = () => new Date(Date.UTC(2026, 2, day, 2));
  return { ...BY_NODE, site: await siteOf(test), full: day % 5 === 1 ? 'always' : 'as-set', now };
}

beforeAll(async () => {
  test = await newSite(scratch);
  for (let day = 1; day <= POINTS; day++) {
    await growDatabase(test.dataFs, { transactions: 1 });
    await backUpSite(await settingsOf(day), quietContext());
  }
}, 300_000);

/** What jobs ask stores for, each with how often. */
function countingBackups() {
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  const backups = new OpenBackups((path, how) => {
    const store = folderStore(path, how);
    return {
      ...store,
      list: () => {
        count(`list ${path}`);
        return store.list();
      },
      entries: () => {
        count(`list with trees ${path}`);
        return store.entries();
      },
      tree: (name) => {
        const tree = store.tree(name);
        const read: typeof tree.read = (below, range) => {
          count(`read ${name}/${below}`);
          return tree.read(below, range);
        };
        return { ...tree, read };
      },
      read: (name, range) => {
        if (range === undefined && /\.(?:json|dat)$/.test(name)) count(`read ${name}`);
        return store.read(name, range);
      },
    };
  });
  return { backups, counts };
}

/** What each command does with the folders that it has opened, from its lock on where it takes one. */
const COMMANDS: Readonly<Record<string, (backups: OpenBackups) => Promise<unknown>>> = {
  list: async (backups) => listSite(await siteOf(test), { kind: 'backup', backups }),
  check: async (backups) =>
    readSiteHealth(await siteOf(test), {
      now: new Date(),
      context: { ...quietContext(), backups },
    }),
  'backup of nothing new': async (backups) =>
    backUpSite(await settingsOf(POINTS + 2), { ...quietContext(), backups }),
  'backup --dry-run': async (backups) =>
    planSiteBackup(await settingsOf(POINTS + 2), { ...quietContext(), backups }),
  'verify --quick': async (backups) =>
    verifySite(
      {
        site: await siteOf(test),
        kind: 'backup',
        depth: 'quick',
        chains: 'all',
        now: () => new Date(),
      },
      { ...quietContext(), backups },
    ),
  report: async (backups) => {
    const site = await siteOf(test);
    await listSite(site, { kind: 'all', backups });
    await readBackupDisks(site, { now: new Date(), backups });
    await readHistory(site, { kind: 'all', backups });
  },
  history: async (backups) => {
    const site = await siteOf(test);
    const runs = await readHistory(site, { kind: 'all', backups });
    await judgeRuns(runs, { site, kind: 'all', backups });
  },
  'plan of a restore': async (backups) =>
    planWithWarnings(
      {
        site: await siteOf(test),
        kind: 'backup',
        wanted: LATEST_BACKUP,
        heldLock: 'refuse',
        earlierState: 'replace',
        old: 'keep',
        damagedBlobs: 'refuse',
        guess: 'refuse',
        agreed: undefined,
        now: () => new Date(),
      },
      { backups, onEvent: () => {} },
    ),
};

describe(`over ${POINTS} restore points`, () => {
  it.each(Object.keys(COMMANDS))('%s asks a store for nothing twice', async (name) => {
    const { backups, counts } = countingBackups();
    await COMMANDS[name]?.(backups);
    expect([...counts].filter(([, times]) => times > 1)).toEqual([]);
    const records = [...counts.keys()].filter((what) => /^read \d.{18}\.json$/.test(what));
    expect(records).toHaveLength(POINTS);
    expect(counts.get(`list ${test.repository}`)).toBe(1);
  });

  it('reads all again after the lock, and sees what it has written itself', async () => {
    const { backups, counts } = countingBackups();
    await COMMANDS['list']?.(backups);
    await COMMANDS['backup of nothing new']?.(backups);
    expect(counts.get(`list ${test.repository}`)).toBe(2);
    expect(counts.get('read 2026-03-01-02-00-00.json')).toBe(2);
  });

  const lines = [
    ['list'],
    ['check'],
    ['backup'],
    ['backup', '--dry-run'],
    ['verify', '--quick'],
    ['report'],
    ['history'],
    ['restore', '--dry-run'],
  ];
  it.skipIf(!hasStrace).each(lines.map((words) => [words.join(' '), words] as const))(
    'zodbvault %s opens no record twice (needs strace)',
    async (_, words) => {
      const trace = join(scratch, 'trace');
      const strace = ['-f', '-qq', '-s', '4096', '-e', 'trace=openat', '-o', trace];
      await runProgram('strace', [...strace, process.execPath, COMMAND, ...words], {
        cwd: test.folder,
      });
      const opens = new Map<string, number>();
      for (const [, path = ''] of readFileSync(trace, 'utf8').matchAll(/openat\([^"]*"([^"]*)"/g)) {
        if (!RECORD.test(path)) continue;
        opens.set(path, (opens.get(path) ?? 0) + 1);
      }
      expect([...opens].filter(([, times]) => times > 1)).toEqual([]);
      const ofBlobs = [...opens.keys()].filter((path) => path.endsWith('/.zodbvault.json'));
      expect([ofBlobs.length, opens.size]).toEqual([POINTS, 2 * POINTS + 5]);
    },
  );
});

/** Of a Data.fs backup, a `.dat`, and of a copy of blobs. */
const RECORD = /\/backups\/\d{4}(?:-\d\d){5}\.(?:json|dat)$|\/\.zodbvault\.json$/;
