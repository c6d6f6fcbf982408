/** "Locations" of the recipe's own acceptance list: 33 to 36; 37 and 38 stand beside the code. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  buildoutSiteIn,
  commitBlob,
  dataFilesIn,
  folderState,
  namesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { COMMAND, runProgram } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const BLOBS = 'blob_storage = var/blobstorage';
const NAMES = [
  ...['location', 'snapshotlocation', 'ziplocation'],
  ...['blobbackuplocation', 'blobsnapshotlocation', 'blobziplocation'],
];

describe('locations of a part', () => {
  it('that are equal are refused, all of them listed', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const lines = [
      ...['location = one', 'snapshotlocation = two'],
      ...['blobbackuplocation = one', 'blobsnapshotlocation = two'],
    ];
    site.configure(recipeCfg([BLOBS, ...lines]));
    const { status, stderr } = await site.run(['install']);
    expect([status, site.scripts()]).toEqual([2, []]);
    const at = (name: string) => site.path('var', name);
    expect(stderr).toContain(
      [
        `${site.path('buildout.cfg')}:8: These must be distinct locations:`,
        `blobbackuplocation = ${at('one')}`,
        `blobsnapshotlocation = ${at('two')}`,
        `location = ${at('one')}`,
        `snapshotlocation = ${at('two')}`,
      ].join('\n'),
    );
    expect(stderr).toContain('Hint: Nothing was changed.');
  });

  it('that are empty are refused: they would be the site itself', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(recipeCfg([BLOBS, ...NAMES.map((name) => `${name} =`)]));
    const before = folderState(site.folder);
    const { status, stderr } = await site.run(['install']);
    expect(status).toBe(2);
    expect(stderr.match(/: \w+ is empty: that would be/g)).toHaveLength(6);
    expect(folderState(site.folder)).toEqual(before);
  });

  it('lie below the prefix, while the live data stays in var', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([BLOBS, 'locationprefix = $PLACE/of/backups'], { part: 'backup' }),
    );
    const { stdout } = await site.run(['install', '-q'], { env: { PLACE: site.path('disk') } });
    expect(stdout).toBe('');
    await site.scriptWell('backup');
    await site.scriptWell('snapshotbackup');
    expect(namesIn(site.path('disk/of/backups'))).toEqual([
      ...['backups', 'blobstoragebackups', 'blobstoragesnapshots', 'snapshotbackups'],
    ]);
    expect(namesIn(site.path('var'))).toEqual(['blobstorage', 'filestorage']);
    const before = folderState(site.path('var'));
    await commitBlob(site.dataFs);
    await site.scriptWell('restore', '-n');
    const blobs = (state: typeof before) =>
      Object.entries(state).filter(
        ([name]) => /\.(blob|fs)$/.test(name) && !name.includes('.zodbvault-'),
      );
    expect(blobs(folderState(site.path('var')))).toEqual(blobs(before));
  });

  it('that are relative lie below the prefix, absolute ones where they say', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const relative = NAMES.map((name) => `${name} = here/${name}`);
    const config = async (...lines: readonly string[]) => {
      site.configure(recipeCfg([BLOBS, ...lines]));
      return (await site.run(['config'])).stdout;
    };
    const below = await config('locationprefix = /mnt/backups', ...relative);
    for (const name of NAMES) {
      expect(below).toMatch(new RegExp(`\\b${name} +/mnt/backups/here/${name}\\b`));
    }
    const absolute = await config('locationprefix = /mnt/backups', 'location = /srv/b');
    expect(absolute).toMatch(/\blocation +\/srv\/b /);
    expect(absolute).toMatch(/\bsnapshotlocation +\/mnt\/backups\/snapshotbackups\b/);
    const old = await config('compatible = 2.3', 'locationprefix = /mnt/backups', ...relative);
    expect(old).toContain(` ${site.path('here/location')} `);
  });

  it('inside the blob directory are refused', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(recipeCfg([BLOBS, 'blobsnapshotlocation = blobstorage/../blobstorage/s']));
    const { status, stderr } = await site.run(['install']);
    expect(status).toBe(2);
    expect(stderr).toContain(
      `${site.path('buildout.cfg')}:6: the backup folder "${site.path('var/blobstorage/s')}" is inside the blob directory "${site.blobs}"`,
    );
  });

  it('are tried at install, which leaves nothing behind, whatever part of the path is there', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    mkdirSync(site.path('there/half'), { recursive: true });
    const lines = ['location = there/half/of/it', 'snapshotlocation = none/of/it'];
    site.configure(
      recipeCfg(['backup_blobs = false', 'locationprefix = .', ...lines, 'ziplocation = there']),
    );
    const { stderr } = await site.install();
    expect(stderr).not.toContain('Warning');
    expect(namesIn(site.folder)).toEqual(['bin', 'buildout.cfg', 'there', 'var']);
    expect(folderState(site.path('there'))).toEqual({ half: 'folder' });
  });

  it('that cannot be made are warned of at install, which writes the scripts all the same', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    writeFileSync(site.path('file'), '');
    const lines = [`location = ${site.path('file')}`, 'snapshotlocation = /dev/null/snapshots'];
    site.configure(recipeCfg(['backup_blobs = false', ...lines]));
    const { stderr } = await site.install();
    expect(stderr).toContain(`Warning: ${site.path('file')} is a file, not a directory.\n`);
    expect(stderr).toContain('Warning: Not able to create /dev/null/snapshots\n');
    expect(site.scripts()).toContain('backup');
    for (const script of ['backup', 'snapshotbackup']) {
      const run = await site.script(script);
      expect(run.status).toBe(1);
      expect(run.stderr.match(/^ERROR: /gm)).toHaveLength(1);
      expect(run.stderr).toMatch(/^ {2}Hint: /m);
    }
    // What the disk of the backups has is seen when pre_command has mounted it.
    const [away, mines] = [site.path('away'), site.path('var/mines')];
    const mounting = `pre_command = test ! -d ${away} || mv ${away} ${mines}`;
    site.configure(recipeCfg(['backup_blobs = false', mounting], { part: 'mine' }));
    await site.install();
    const none = await site.script('mine-restore', [], { input: 'yes\n' });
    expect([none.status, none.stdout]).toEqual([1, expect.stringContaining('Are you sure?')]);
    expect(none.stderr).toContain('only when pre_command has run');
    expect(none.stderr).toContain('correct the location, or alternative_restore_source, in [mine]');
    await site.scriptWell('mine');
    renameSync(mines, away);
    const some = await site.run(['restore'], { input: 'yes\n' });
    expect([some.status, some.stderr]).toEqual([
      0,
      expect.stringContaining('The replaced files are'),
    ]);
    expect(some.stdout).toContain(`    ${site.dataFs}\nAre you sure?`);
    rmSync(site.dataFs);
    const lost = await site.script('mine', ['-n', '2026-01-01']);
    expect(lost.stderr).toContain('so zodbvault ignores this: 2026-01-01\n');
    expect(lost.stderr).toContain('correct datafs or additional_filestorages in [mine]');
    expect(lost.stderr).not.toContain('--datafs');
  });
});

/** Root may do everything: these run as somebody else. */
describe.skipIf(process.getuid?.() !== 0)('locations of an ordinary user (needs root)', () => {
  const USER = 54_321;
  const as = (program: string, words: readonly string[], cwd: string) =>
    runProgram(
      'setpriv',
      [`--reuid=${USER}`, `--regid=${USER}`, '--clear-groups', program, ...words],
      { cwd, env: { HOME: cwd } },
    );

  it('that are not theirs are warned of, and a backup there fails and changes nothing', async () => {
    const site = buildoutSiteIn(join(scratch, 'ordinary'));
    chmodSync(scratch, 0o755);
    mkdirSync(site.path('var/filestorage'), { recursive: true });
    await commitBlob(site.dataFs);
    execFileSync('chown', ['-R', `${USER}:${USER}`, site.folder]);
    mkdirSync(site.path('theirs'), { mode: 0o755 });
    mkdirSync(site.path('secret'), { mode: 0o700 });
    const lines = ['location = theirs/backups', 'snapshotlocation = secret', 'locationprefix = .'];
    site.configure(recipeCfg(['backup_blobs = false', ...lines]));
    const installed = await as(process.execPath, [COMMAND, 'install'], site.folder);
    expect([installed.status, installed.stderr]).toEqual([
      0,
      expect.stringContaining(`Warning: Not able to create ${site.path('theirs/backups')}\n`),
    ]);
    const before = folderState(site.folder);
    for (const [script, path] of [
      ['backup', 'theirs/backups'],
      ['snapshotbackup', 'secret'],
      ['restore', 'theirs/backups'],
      ['snapshotrestore', 'secret'],
    ] as const) {
      const words = script.endsWith('restore') ? ['-n'] : [];
      const { status, stderr } = await as(site.path('bin', script), words, site.folder);
      expect([script, status, stderr]).toEqual([
        script,
        1,
        expect.stringContaining(site.path(path)),
      ]);
      expect(stderr).toMatch(
        /^ERROR: Cannot .*(permission denied|does not exist|no backup|there is no folder).*\.$/m,
      );
    }
    expect(folderState(site.folder)).toEqual(before);
  });

  it('without the right to read the Data.fs or the buildout get an error that names it', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(['backup_blobs = false']));
    chmodSync(site.dataFs, 0o600);
    const run = await as(site.path('bin/backup'), [], site.folder);
    expect(run.status).toBe(1);
    expect(run.stderr).toMatch(/^ERROR: Cannot .*: permission denied\.$/m);
    chmodSync(site.path('buildout.cfg'), 0o600);
    const installed = await as(process.execPath, [COMMAND, 'install'], site.folder);
    expect([installed.status, installed.stderr]).toEqual([
      1,
      expect.stringContaining(`Cannot read "${site.path('buildout.cfg')}": permission denied.`),
    ]);
    expect(dataFilesIn(site.path('var/backups'))).toEqual([]);
  });
});
