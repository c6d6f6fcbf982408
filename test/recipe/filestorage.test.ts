/** "Filestorage" of the recipe's own acceptance list: 8 to 20; its part 18 stands beside the code. */
import { existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
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
import { sameBytes } from '../support/site.ts';

const scratch = scratchFolder();
const NO_BLOBS = 'backup_blobs = false';
const siteWith = (...lines: readonly string[]) =>
  newBuildoutSite(scratch, recipeCfg([NO_BLOBS, ...lines]));

/** Endings of the data files in a repository below `var`, oldest first. */
const endings = (site: BuildoutSite, folder: string) =>
  dataFilesIn(site.path('var', folder)).map((name) => name.slice(20));

/** What is wrong, and what to do about it. */
const ONE_ERROR = /^(?:(?!ERROR).*\n)*ERROR: Cannot .*\n {2}Hint: .*\n$/;

describe('bin/backup', () => {
  it('makes its folder, says so, and writes a full backup, then increments', async () => {
    const site = await siteWith();
    const { stderr, stdout } = await site.scriptWell('backup');
    expect(stdout).toBe('');
    expect(stderr).toContain(`INFO: Created ${site.path('var/backups')}\n`);
    expect(stderr).toContain(`INFO: Backing up ${site.dataFs} to ${site.path('var/backups')}\n`);
    expect(stderr).toMatch(/^INFO: Wrote \S+\.fsz: .* transactions, stored as .*$/m);
    await commitBlob(site.dataFs);
    const next = (await site.scriptWell('backup')).stderr;
    expect(next).not.toContain('Created');
    expect(next).toMatch(/^INFO: Wrote \S+\.deltafsz: .*$/m);
    expect((await site.scriptWell('backup')).stderr).toMatch(
      /^INFO: No new backup of the Data.fs: /m,
    );
    expect(endings(site, 'backups')).toEqual(['fsz', 'deltafsz']);
    expect(namesIn(site.path('var'))).toEqual(['backups', 'blobstorage', 'filestorage']);
  });

  it('compares every byte with "quick = false"', async () => {
    const site = await siteWith('quick = false');
    await site.scriptWell('backup');
    await commitBlob(site.dataFs);
    // What was a title is another one now: still a database, but not the one that was backed up.
    const bytes = readFileSync(site.dataFs);
    const place = bytes.indexOf('/site\n\nadd the site');
    bytes.write('Add', place + 7);
    writeFileSync(site.dataFs, bytes);
    await site.scriptWell('backup');
    expect(endings(site, 'backups')).toEqual(['fsz', 'fsz']);
  });

  it('writes plain bytes with "gzip = false", and nothing but full backups with "full = true"', async () => {
    const site = await siteWith('gzip = off', 'full = true');
    await site.scriptWell('backup');
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    expect(endings(site, 'backups')).toEqual(['fs', 'fs']);
    const newest = dataFilesIn(site.path('var/backups')).at(-1) ?? '';
    expect(sameBytes(site.path('var/backups', newest), site.dataFs)).toBe(true);
  });

  it('follows its options for paths, and with debug has the time in each line', async () => {
    const lines = [
      `location = ${scratch}/absolute`,
      'datafs = subfolder/x.fs',
      'full = true',
      'debug = true',
      'snapshotlocation = snap/my',
    ];
    for (const [rules, snapshots] of [
      ['6.0', 'var/snap/my'],
      ['2.3', 'snap/my'],
    ] as const) {
      const site = await siteWith(...lines, `compatible = ${rules}`);
      await commitBlob(site.path('subfolder/x.fs'));
      const { stderr } = await site.scriptWell('backup');
      expect(stderr).toContain(
        ` INFO: Backing up ${site.path('subfolder/x.fs')} to ${scratch}/abs`,
      );
      for (const line of stderr.trimEnd().split('\n')) {
        expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (INFO|DEBUG|WARNING): /);
      }
      await site.scriptWell('snapshotbackup');
      expect(dataFilesIn(site.path(snapshots))).toEqual([expect.stringMatching(/\.fsz$/)]);
      rmSync(`${scratch}/absolute`, { recursive: true });
    }
  });

  it('runs the commands around its work, in their order; with -q and --quiet prints nothing', async () => {
    const site = await siteWith(
      'debug = true',
      'pre_command = echo one >> commands; ls var >> commands',
      'post_command =',
      '    ls var/backups >> commands; echo two; echo three >&2',
      '    echo two >> commands',
    );
    for (const [count, words] of [[], ['-q'], ['--quiet']].entries()) {
      const { status, stdout, stderr } = await site.script('backup', words, { cwd: site.folder });
      expect([status, stdout]).toEqual([0, count === 0 ? 'two\nthree\n' : '']);
      expect(stderr === '').toBe(count > 0);
      expect(endings(site, 'backups')).toHaveLength(count + 1);
      await commitBlob(site.dataFs);
    }
    const words = readFileSync(site.path('commands'), 'utf8').split('\n');
    const first = words.slice(0, words.indexOf('two'));
    expect(first.slice(0, 3)).toEqual(['one', 'blobstorage', 'filestorage']);
    expect(first.filter((word) => word.endsWith('.fsz'))).toHaveLength(1);
    expect(words.filter((word) => word === 'one' || word === 'two')).toEqual([
      ...['one', 'two', 'one', 'two', 'one', 'two'],
    ]);
  });

  it('keeps two full backups with all that belongs to them, whatever the times of the files', async () => {
    for (const [lines, script, folder] of [
      [['keep = 2'], 'backup', 'backups'],
      [['compatible = 2.3'], 'snapshotbackup', 'snapshotbackups'],
    ] as const) {
      const site = await siteWith('full = true', ...lines, 'additional_filestorages = more');
      await commitBlob(site.path('var/filestorage/more.fs'));
      for (let count = 0; count < 2; count++) {
        await site.scriptWell(script);
        await commitBlob(site.dataFs);
        await commitBlob(site.path('var/filestorage/more.fs'));
      }
      const folders = [site.path('var', folder), site.path('var', `${folder}_more`)];
      const before = folders.map(namesIn);
      for (const [index, path] of folders.entries()) {
        writeFileSync(`${path}/notes.txt`, 'mine');
        for (const name of namesIn(path)) utimesSync(`${path}/${name}`, index, 2 ** 31 - index);
      }
      const { stderr } = await site.scriptWell(script);
      const removals = stderr.match(/^INFO: Removed \d+ old files .*$/gm) ?? [];
      expect(removals).toHaveLength(2);
      for (const [index, path] of folders.entries()) {
        const oldest = (before[index]?.[0] ?? '').slice(0, 19);
        expect(removals[1 - index]).toContain(` old files from ${path} (`);
        for (const name of before[index] ?? []) {
          if (name.startsWith(oldest)) expect(removals[1 - index]).toContain(name);
        }
        expect(namesIn(path).filter((name) => name.startsWith(oldest))).toEqual([]);
        expect(dataFilesIn(path)).toHaveLength(2);
        expect(existsSync(`${path}/notes.txt`)).toBe(true);
      }
    }
  });

  it('ends with 1 where the backup fails, before the blobs and without the post_command', async () => {
    for (const rules of ['2.3', '6.0']) {
      const site = await newBuildoutSite(
        scratch,
        recipeCfg([
          `compatible = ${rules}`,
          'blob_storage = var/blobstorage',
          `post_command = touch ${scratch}/ran-${rules}`,
        ]),
      );
      writeFileSync(site.dataFs, 'no database');
      const { status, stderr } = await site.script('backup');
      expect(status).toBe(1);
      expect(stderr).toMatch(ONE_ERROR);
      expect(namesIn(site.path('var/blobstoragebackups'))).toEqual([]);
      expect(existsSync(`${scratch}/ran-${rules}`)).toBe(false);
    }
  });
});

describe('bin/snapshotbackup and bin/fullbackup', () => {
  it('write full backups: one into a folder of its own, one beside the others', async () => {
    const site = await siteWith('enable_fullbackup = true');
    await site.scriptWell('backup');
    const { stderr } = await site.scriptWell('snapshotbackup');
    expect(stderr).toContain(`INFO: Created ${site.path('var/snapshotbackups')}\n`);
    await commitBlob(site.dataFs);
    await site.scriptWell('fullbackup');
    await commitBlob(site.dataFs);
    await site.scriptWell('snapshotbackup');
    expect(endings(site, 'backups')).toEqual(['fsz', 'fsz']);
    expect(endings(site, 'snapshotbackups')).toEqual(['fsz', 'fsz']);
  });
});

describe('bin/restore', () => {
  it('asks for the Data.fs by its path, makes its folder and restores it', async () => {
    const site = await siteWith();
    await site.scriptWell('backup');
    const before = readFileSync(site.dataFs);
    rmSync(site.path('var/filestorage'), { recursive: true });
    const { status, stdout, stderr } = await site.script('restore', [], { input: 'yes\n' });
    expect([status, stdout]).toEqual([
      0,
      `\nThis will replace the filestorage:\n    ${site.dataFs}\nAre you sure? (yes/No)? `,
    ]);
    expect(stderr).toContain(`INFO: Created ${site.path('var/filestorage')}\n`);
    expect(stderr).toContain(`INFO: Restoring ${site.path('var/backups')}`);
    expect(readFileSync(site.dataFs).equals(before)).toBe(true);
  });

  it('restores the state of a date, and says the date', async () => {
    const site = await siteWith();
    await site.scriptWell('backup');
    const [first = ''] = dataFilesIn(site.path('var/backups')).map((name) => name.slice(0, 19));
    const before = readFileSync(site.dataFs);
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    const { stderr } = await site.scriptWell('restore', '-n', first);
    expect(stderr).toContain(`INFO: Date restriction: restoring state at ${first}.\n`);
    expect(readFileSync(site.dataFs).equals(before)).toBe(true);
  });

  it('changes nothing where there is no backup of that date', async () => {
    const site = await siteWith();
    await site.scriptWell('backup');
    await commitBlob(site.dataFs);
    const before = folderState(site.path('var'));
    const { status, stderr } = await site.script('restore', ['1972-12-25'], { input: 'yes\n' });
    expect(status).toBe(1);
    expect(stderr).toContain('INFO: Date restriction: restoring state at 1972-12-25.\n');
    expect(stderr).toMatch(ONE_ERROR);
    expect(folderState(site.path('var'))).toEqual(before);
  });

  it('leaves the blobs alone where the Data.fs cannot be restored', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(['blob_storage = var/blobstorage']));
    await site.scriptWell('snapshotbackup');
    const [name = ''] = dataFilesIn(site.path('var/snapshotbackups'));
    const file = site.path('var/snapshotbackups', name);
    writeFileSync(file, readFileSync(file).subarray(0, statSync(file).size - 100));
    await commitBlob(site.dataFs);
    const before = folderState(site.path('var'));
    const { status, stderr } = await site.script('snapshotrestore', [], { input: 'yes\n' });
    expect(status).toBe(1);
    expect(stderr).toMatch(ONE_ERROR);
    expect(folderState(site.path('var'))).toEqual(before);
  });
});
