/** "Restoring blobs" of the recipe's own acceptance list: 51 to 55. */
import { mkdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobState } from '../support/blobs.ts';
import {
  type BuildoutSite,
  commitBlob,
  dataFilesIn,
  folderState,
  namesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const BLOBS = 'blob_storage = var/blobstorage';
const STAMP_LENGTH = '2026-01-01-00-00-00'.length;

const stateOf = (site: BuildoutSite) => ({
  dataFs: readFileSync(site.dataFs, 'hex'),
  blobs: blobState(site.blobs),
});

/** A site with so many backups, its state at each, and one transaction more. */
async function siteWithBackups(lines: readonly string[], script = 'backup') {
  const site = await newBuildoutSite(scratch, recipeCfg([BLOBS, ...lines]));
  const states: ReturnType<typeof stateOf>[] = [];
  for (let count = 0; count < 3; count++) {
    states.push(stateOf(site));
    await site.scriptWell(script);
    await commitBlob(site.dataFs);
  }
  const repository = site.path(script === 'backup' ? 'var/backups' : 'var/snapshotbackups');
  const stamps = dataFilesIn(repository).map((name) => name.slice(0, STAMP_LENGTH));
  return { site, states, stamps };
}

describe('restoring blobs', () => {
  it('of an earlier backup is said before the question, with the restore point that has its own', async () => {
    const { site, stamps } = await siteWithBackups([]);
    await site.run(['backup', '--no-blobs']);
    const before = folderState(site.path('var'));
    const missing = `"blobstorage.${stamps[2]}" is an earlier one, so the newest blobs may be missing. The restore point ${stamps[2]} has all its blobs`;
    const planned = await site.run(['restore', '--dry-run']);
    expect([planned.status, planned.stderr]).toEqual([3, expect.stringContaining(missing)]);
    const no = await site.script('restore', [], { input: 'no\n' });
    expect(no.stderr).toContain(missing);
    expect(folderState(site.path('var'))).toEqual(before);
    const yes = await site.run(['restore', '-n']);
    expect([yes.status, yes.stderr.split(missing).length]).toEqual([3, 2]);
  });

  it('that nobody has backed up names the restore that goes without', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS]));
    await site.run(['backup', '--no-blobs']);
    mkdirSync(site.path('var/blobstoragebackups'));
    const { status, stderr } = await site.script('restore', ['-n']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('restore --no-blobs')]);
    expect((await site.run(['restore', '-n', '--no-blobs'])).status).toBe(0);
  });

  it('51: no changes nothing, yes puts everything back, --no-prompt asks nothing', async () => {
    const { site, states } = await siteWithBackups([]);
    const before = folderState(site.path('var'));
    const no = await site.script('restore', [], { input: 'no\n' });
    expect([no.status, no.stderr]).toEqual([0, expect.stringContaining('Not restoring.')]);
    const chosen =
      /^INFO: The backup of \S+Data\.fs is of (\S+) \(UTC\)(?:, less than a minute old)?$/m;
    const stamp = chosen.exec(no.stderr)?.[1] ?? 'none';
    expect(no.stderr).toContain(`The backup of ${site.blobs} is blobstorage.${stamp}\n`);
    expect(folderState(site.path('var'))).toEqual(before);
    const yes = await site.script('restore', [], { input: 'yes\n' });
    expect([yes.status, yes.stdout]).toEqual([
      0,
      expect.stringContaining(`This will replace the blobstorage:\n    ${site.blobs}\n`),
    ]);
    expect(yes.stderr).toContain(`INFO: Restored ${site.dataFs} as of ${stamp} (UTC): `);
    expect(yes.stderr).toContain(`INFO: Restored ${site.blobs} from blobstorage.${stamp}\n`);
    expect(stateOf(site)).toEqual(states[2]);
    await commitBlob(site.dataFs);
    const unasked = await site.scriptWell('restore', '--no-prompt');
    expect(unasked.stdout).not.toContain('This will replace');
    expect(stateOf(site)).toEqual(states[2]);
    expect(namesIn(site.path('var'))).toEqual([
      ...['backups', 'blobstorage', 'blobstoragebackups', 'filestorage'],
    ]);
    rmSync(site.dataFs);
    await commitBlob(site.dataFs);
    for (const words of [[], ['-n']]) {
      const other = await site.script('restore', words, { input: 'no\n' });
      expect([
        other.status,
        other.stderr.match(/WARNING: .* is not the database in the backup/g),
      ]).toEqual([...[0, [expect.stringContaining(site.dataFs)]]]);
    }
    expect(stateOf(site)).toEqual(states[2]);
  });

  it.each([
    ['backup', 'restore', 'true', 'true'],
    ['snapshotbackup', 'snapshotrestore', 'false', 'true'],
    ['backup', 'restore', 'false', 'false'],
  ])(
    '52, W17: %s and %s to each date, stamps: %s, rsync: %s',
    async (backup, restore, stamped, rsync) => {
      const { site, states, stamps } = await siteWithBackups(
        [`blob_timestamps = ${stamped}`, `use_rsync = ${rsync}`, 'keep = 3'],
        backup,
      );
      expect(stamps).toHaveLength(3);
      // The exact stamp: the recipe takes the blobs before, without stamps.
      for (const number of [0, 2, 1]) {
        await site.scriptWell(restore, '-n', stamps[number] ?? '');
        expect(stateOf(site)).toEqual(states[number]);
      }
      rmSync(site.blobs, { recursive: true });
      await site.scriptWell(restore, '-n');
      expect(stateOf(site)).toEqual(states[2]);
    },
  );

  it('53: only blobs, numbered: a second after .1 restores .1', async () => {
    const { site, states } = await siteWithBackups([
      'only_blobs = true',
      'blob_timestamps = false',
    ]);
    const record = site.path('var/blobstoragebackups/blobstorage.1/.zodbvault.json');
    const { stamp } = JSON.parse(readFileSync(record, 'utf8')) as { stamp: string };
    await site.scriptWell('restore', '-n', stamp);
    expect(stateOf(site).blobs).toEqual(states[1]?.blobs);
    // As the recipe leaves them: without our records, each with the time of its folder.
    const now = Math.floor(Date.now() / 1000);
    for (const number of [0, 1, 2]) {
      const entry = site.path(`var/blobstoragebackups/blobstorage.${number}`);
      rmSync(join(entry, '.zodbvault.json'));
      utimesSync(entry, now - 3600 * number, now - 3600 * number);
    }
    const after = new Date((now - 3600 + 1) * 1000).toISOString();
    await site.scriptWell('restore', '-n', after.slice(0, 19).replace(/[T:]/g, '-'));
    expect(stateOf(site).blobs).toEqual(states[1]?.blobs);
  });

  it('54: before everything there is nothing, and nothing is touched', async () => {
    const { site } = await siteWithBackups(['only_blobs = true']);
    const before = folderState(site.path('var'));
    const { status, stdout, stderr } = await site.script('restore', ['1972-12-25']);
    expect([status, stdout, stderr]).toEqual([
      ...[1, ''],
      expect.stringContaining("Could not find backup of '1972-12-25' or earlier"),
    ]);
    expect(folderState(site.path('var'))).toEqual(before);
    const none = await newBuildoutSite(scratch, recipeCfg([BLOBS, 'only_blobs = true']));
    await none.scriptWell('snapshotbackup');
    rmSync(none.path('var/blobstoragesnapshots'), { recursive: true });
    const empty = await none.script('snapshotrestore', ['-n']);
    expect(empty.status).toBe(1);
  });

  it('55: a directory is restored although archives are wanted, and the other way round (W3)', async () => {
    const { site, states, stamps } = await siteWithBackups([]);
    site.configure(recipeCfg([BLOBS, 'archive_blob = true']));
    await site.install();
    await site.scriptWell('restore', '-n', stamps[1] ?? '');
    expect(stateOf(site)).toEqual(states[1]);
    await commitBlob(site.dataFs);
    const archived = stateOf(site);
    await site.scriptWell('backup');
    await commitBlob(site.dataFs);
    site.configure(recipeCfg([BLOBS]));
    await site.install();
    await site.scriptWell('restore', '-n');
    expect(stateOf(site)).toEqual(archived);
  });

  it('of another moment, as 2.3 takes them, are warned of', async () => {
    const old = ['compatible = 2.3', 'blob_timestamps = true', 'use_rsync = false'];
    const { site, states, stamps } = await siteWithBackups([...old, 'full = true', 'keep = 9']);
    const [first = '', second = '', third = ''] = stamps;
    const folder = site.path('var/blobstoragebackups');
    const well = await site.scriptWell('restore', '-n', second);
    expect(well.stderr).not.toContain('WARNING');
    expect(stateOf(site).blobs).toEqual(states[1]?.blobs);
    await site.run(['delete', second, '-n']);
    rmSync(join(folder, `blobstorage.${second}`), { recursive: true });
    const { status, stderr } = await site.script('restore', ['-n', second]);
    expect([status, stderr]).toEqual([
      0,
      expect.stringContaining(
        `WARNING: the blobs of "blobstorage.${third}" belong to a later backup of the Data.fs`,
      ),
    ]);
    expect(blobState(site.blobs)).toEqual(states[2]?.blobs);
    expect(stderr).toContain(`as of ${first} (UTC)`);
  });
});
