/** Folders as the recipe leaves them: restored and continued by us, and ours as it would read them. */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobFiles, blobState } from '../support/blobs.ts';
import {
  commitBlob,
  dataFilesIn,
  folderState,
  namesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { runProgram } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const BLOBS = 'blob_storage = var/blobstorage';
const STAMP_LENGTH = '2026-01-01-00-00-00'.length;

/** A copy as the recipe's rsync makes it, of that time. */
function copyAsTheRecipe(live: string, entry: string, time: Date): void {
  mkdirSync(entry, { recursive: true });
  cpSync(live, join(entry, basename(live)), { recursive: true, preserveTimestamps: true });
  utimesSync(entry, time, time);
}

const dateOf = (stamp: string) => {
  const [year, month, day, ...time] = stamp.split('-');
  return new Date(`${year}-${month}-${day}T${time.join(':')}Z`);
};

/**
 * A site with three full backups that repozo could have made, whose blobs the recipe copied: the first
 * two with numbers, the last with a stamp. Beside them is what is found in the wild.
 */
async function siteOfTheRecipe() {
  const site = await newBuildoutSite(
    scratch,
    recipeCfg(['backup_blobs = false', 'full = true', 'keep = 0']),
  );
  const folder = site.path('var/blobstoragebackups');
  const states: ReturnType<typeof blobState>[] = [];
  const stamps: string[] = [];
  for (const number of [1, 0, 'stamp'] as const) {
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    states.push(blobState(site.blobs));
    const stamp = dataFilesIn(site.path('var/backups')).at(-1)?.slice(0, STAMP_LENGTH) ?? '';
    stamps.push(stamp);
    const entry = `blobstorage.${number === 'stamp' ? stamp : number}`;
    copyAsTheRecipe(site.blobs, join(folder, entry), dateOf(stamp));
  }
  for (const name of readdirSync(site.path('var/backups'))) {
    if (/zodbvault|\.json$/.test(name)) rmSync(site.path('var/backups', name));
  }
  const stamped = `blobstorage.${stamps[2]}`;
  // 4.1.1's, without rsync, points at the inner directory.
  symlinkSync(`${stamped}/blobstorage`, join(folder, 'latest'));
  copyAsTheRecipe(site.blobs, join(folder, '.0'), new Date('2015-01-01T00:00:00Z'));
  copyAsTheRecipe(site.blobs, join(folder, 'oldname.0'), new Date('2016-01-01T00:00:00Z'));
  mkdirSync(join(folder, 'blobstorage.2017-01-01-00-00-00'));
  symlinkSync('nowhere', join(folder, 'blobstorage.2018-01-01-00-00-00'));
  writeFileSync(join(folder, 'blobstorage.2019-01-01-00-00-00.tar'), 'cut off');
  await commitBlob(site.dataFs);
  site.configure(recipeCfg([BLOBS, 'keep = 1']));
  await site.install();
  return { site, folder, states, stamps };
}

const STRANGERS = [
  'blobstorage.2017-01-01-00-00-00',
  'blobstorage.2018-01-01-00-00-00',
  'blobstorage.2019-01-01-00-00-00.tar',
];

describe('a folder of the recipe', () => {
  it('is restored to each date, whatever lies beside it', async () => {
    const { site, folder, states, stamps } = await siteOfTheRecipe();
    const before = folderState(folder);
    for (const number of [0, 1, 2]) {
      await site.scriptWell('restore', '-n', stamps[number] ?? '');
      expect(blobState(site.blobs)).toEqual(states[number]);
    }
    await commitBlob(site.dataFs);
    await site.scriptWell('restore', '-n');
    expect(blobState(site.blobs)).toEqual(states[2]);
    expect(folderState(folder)).toEqual(before);
  });

  it('is continued with stamps: linked to the newest, latest put right, nothing strange touched', async () => {
    const { site, folder, states, stamps } = await siteOfTheRecipe();
    const strange = ['.0', 'oldname.0'].map((name) => folderState(join(folder, name)));
    const byHand = join(folder, 'blobstorage.5');
    copyAsTheRecipe(site.blobs, byHand, new Date('2014-01-01T00:00:00Z'));
    const backup = await site.scriptWell('backup');
    const stamp = dataFilesIn(site.path('var/backups')).at(-1)?.slice(0, STAMP_LENGTH);
    expect(backup.stderr).toContain(`--link-dest=${folder}/blobstorage.${stamps[2]}/blobstorage/`);
    expect(backup.stderr).toContain('also contains backups of the blob directories');
    expect(readlinkSync(join(folder, 'latest'))).toBe(`blobstorage.${stamp}`);
    // keep = 1: the first two go, of which no number says that the blobs are theirs.
    expect(backup.stderr).toMatch(
      /Kept blobstorage\.0, blobstorage\.1, .*, blobstorage\.5 in .*: zodbvault cannot tell which Data\.fs backups they belong to\. .* asks first$/m,
    );
    expect(namesIn(folder)).toEqual(
      [
        ...['blobstorage.0', 'blobstorage.1', 'blobstorage.5'],
        ...STRANGERS,
        `blobstorage.${stamps[2]}`,
        `blobstorage.${stamp}`,
        'latest',
        'oldname.0',
      ].sort(),
    );
    expect(['.0', 'oldname.0'].map((name) => folderState(join(folder, name)))).toEqual(strange);
    await site.scriptWell('restore', '-n', stamps[2] ?? '');
    expect(blobState(site.blobs)).toEqual(states[2]);
  });

  it('is continued with numbers: rotated, the stamped one left in its place', async () => {
    const { site, folder, states, stamps } = await siteOfTheRecipe();
    site.configure(recipeCfg([BLOBS, 'blob_timestamps = false', 'use_rsync = false', 'keep = 0']));
    await site.install();
    await site.scriptWell('backup');
    expect(readdirSync(folder).sort()).toEqual(
      [
        ...['.0', '.zodbvault.lock', 'blobstorage.0', 'blobstorage.1', 'blobstorage.2'],
        ...STRANGERS,
        `blobstorage.${stamps[2]}`,
        'oldname.0',
      ].sort(),
    );
    expect(blobState(join(folder, 'blobstorage.2/blobstorage'))).toEqual(states[0]);
    expect(blobState(join(folder, 'blobstorage.1/blobstorage'))).toEqual(states[1]);
    expect(blobState(join(folder, 'blobstorage.0/blobstorage'))).toEqual(blobState(site.blobs));
    for (const number of [1, 2, 0]) {
      await site.scriptWell('restore', '-n', stamps[number] ?? '');
      expect(blobState(site.blobs)).toEqual(states[number]);
    }
  });
});

describe('our folders, for the recipe,', () => {
  // Which entries count: directories `X` or `PREFIX.X`, archives `PREFIX.X` and an ending; X is a
  // whole number or a stamp, PREFIX has no dot.
  const MARK = String.raw`(\d+|\d{4}(-\d\d){5})`;
  const DIRECTORY = new RegExp(`^([^.]*\\.)?${MARK}$`);
  const ARCHIVE = new RegExp(`^([^.]*\\.)?${MARK}(\\.delta)?\\.(tar|tar\\.gz|snar)$`);

  it.each(['true', 'false'])(
    'hold the entries that it expects, and no others (stamps: %s)',
    async (stamped) => {
      const site = await newBuildoutSite(
        scratch,
        recipeCfg([BLOBS, `blob_timestamps = ${stamped}`]),
      );
      const folder = site.path('var/blobstoragebackups');
      await site.scriptWell('backup');
      await commitBlob(site.dataFs);
      await site.scriptWell('backup');
      mkdirSync(join(folder, '.blobstorage.7.0123456789ab.zodbvault-tmp'));
      const entries = readdirSync(folder, { withFileTypes: true });
      const counted = entries
        .filter((one) => (one.isFile() ? ARCHIVE : DIRECTORY).test(one.name))
        .map(({ name }) => name);
      expect(counted.sort()).toEqual(namesIn(folder).filter((name) => name !== 'latest'));
      expect(counted).toHaveLength(2);
      for (const name of counted) {
        expect(readdirSync(join(folder, name)).sort()).toEqual([
          '.zodbvault.json',
          '.zodbvault.sums',
          'blobstorage',
        ]);
      }
      const mine = stamped === 'true' ? counted.at(-1) : 'blobstorage.0';
      if (stamped === 'true') expect(readlinkSync(join(folder, 'latest'))).toBe(mine);
      // Its next backup: rotated by renames, linked to the one before.
      let previous = mine ?? '';
      let target = 'blobstorage.2099-01-01-00-00-00';
      if (stamped === 'false') {
        for (const number of [1, 0]) {
          const to = join(folder, `blobstorage.${number + 1}`);
          renameSync(join(folder, `blobstorage.${number}`), to);
        }
        previous = 'blobstorage.1';
        target = 'blobstorage.0';
      }
      const rsync = async (...words: string[]) => {
        expect(await runProgram('rsync', words)).toMatchObject({ status: 0 });
      };
      await rsync('-a', '--delete', `--link-dest=../${previous}`, site.blobs, join(folder, target));
      const [blob = ''] = blobFiles(site.blobs);
      const inode = (entry: string) => statSync(join(folder, entry, 'blobstorage', blob)).ino;
      expect(inode(target)).toBe(inode(previous));
      // Its restore of ours.
      const live = blobState(join(folder, previous, 'blobstorage'));
      writeFileSync(join(site.blobs, 'later'), '');
      await rsync('-a', '--delete', join(folder, previous, 'blobstorage'), site.path('var'));
      expect(folderState(site.blobs)).toEqual(live);
    },
  );
});

describe('the alternative source', () => {
  it('67 to 69: is another site’s folders, of another blob directory, to a date', async () => {
    const production = await newBuildoutSite(scratch, undefined);
    renameSync(production.blobs, production.path('var/blobs'));
    production.configure(recipeCfg(['blob_storage = var/blobs', 'full = true', 'keep = 3']));
    await production.install();
    const states = [];
    for (let count = 0; count < 2; count++) {
      await commitBlob(production.dataFs, production.path('var/blobs'));
      await production.scriptWell('backup');
      states.push({
        dataFs: readFileSync(production.dataFs, 'hex'),
        blobs: blobState(production.path('var/blobs')),
      });
    }
    const source = folderState(production.folder);
    const [first = ''] = dataFilesIn(production.path('var/backups'));
    for (const key of ['Data', '1']) {
      const site = await newBuildoutSite(scratch, undefined);
      const folders = [production.path('var/backups'), production.path('var/blobstoragebackups')];
      const line = (paths: readonly string[]) =>
        `alternative_restore_source = ${[key, ...paths].join(' ')}`;
      site.configure(recipeCfg([BLOBS, line(folders)]));
      await site.install();
      const state = () => ({
        dataFs: readFileSync(site.dataFs, 'hex'),
        blobs: blobState(site.blobs),
      });
      const before = state();
      expect((await site.script('altrestore', ['-n', '1972-12-25'])).status).toBe(1);
      expect(state()).toEqual(before);
      await site.scriptWell('altrestore', '-n', first.slice(0, STAMP_LENGTH));
      expect(state()).toEqual(states[0]);
      rmSync(site.path('var'), { recursive: true });
      await site.scriptWell('altrestore', '-n', '2099-01-01');
      expect(state()).toEqual(states[1]);
      expect(folderState(production.folder)).toEqual(source);
      // An empty source: an error before anything is replaced (68).
      mkdirSync(site.path('empty'));
      site.configure(recipeCfg([BLOBS, line([folders[0] ?? '', site.path('empty')])]));
      await site.install();
      await commitBlob(site.dataFs);
      const live = state();
      expect((await site.script('altrestore', ['-n'])).status).toBe(1);
      expect(state()).toEqual(live);
    }
  });

  it('70: is extracted from the archives that production made', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([
        BLOBS,
        'archive_blob = true',
        'alternative_restore_source = Data away/fs away/bs',
      ]),
    );
    await site.scriptWell('backup');
    const backedUp = [readFileSync(site.dataFs, 'hex'), blobState(site.blobs)];
    mkdirSync(site.path('away'));
    renameSync(site.path('var/backups'), site.path('away/fs'));
    renameSync(site.path('var/blobstoragebackups'), site.path('away/bs'));
    expect(namesIn(site.path('away/bs')).some((name) => name.endsWith('.tar'))).toBe(true);
    await commitBlob(site.dataFs);
    const { stderr } = await site.scriptWell('altrestore', '-n');
    expect(stderr).toContain('INFO: tar --extract');
    expect([readFileSync(site.dataFs, 'hex'), blobState(site.blobs)]).toEqual(backedUp);
  });

  it('72: is that of each of three storages, in their order', async () => {
    const storages = ['    foo var/foo.fs var/blobstorage-foo', '    bar var/bar.fs'];
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([
        ...[BLOBS, 'additional_filestorages =', ...storages, 'alternative_restore_sources ='],
        ...['    foo away/backups_foo away/blobstoragebackups_foo', '    bar away/backups_bar'],
        '    Data away/backups away/blobstoragebackups',
      ]),
    );
    const live = ['foo.fs', 'bar.fs', 'filestorage/Data.fs'].map((name) => site.path('var', name));
    const blobs = [site.path('var/blobstorage-foo'), site.blobs];
    const state = () => [
      ...live.map((path) => readFileSync(path, 'hex')),
      ...blobs.map((path) => blobState(path)),
    ];
    const commit = async () => {
      await commitBlob(site.path('var/foo.fs'), site.path('var/blobstorage-foo'));
      await commitBlob(site.path('var/bar.fs'), site.path('bar-blobs'));
      await commitBlob(site.dataFs);
    };
    await commit();
    await site.scriptWell('backup');
    const backedUp = state();
    mkdirSync(site.path('away'));
    for (const name of namesIn(site.path('var')).filter((one) => one.includes('backups'))) {
      renameSync(site.path('var', name), site.path('away', name));
    }
    await commit();
    const { stdout, stderr, status } = await site.script('altrestore', [], { input: 'yes\n' });
    const indented = (paths: readonly string[]) => paths.map((path) => `    ${path}\n`).join('');
    expect(status).toBe(0);
    expect(stdout).toContain(
      `This will replace the filestorage:\n${indented(live)}This will replace the blobstorage:\n${indented(blobs)}Are you sure`,
    );
    const restored = [...stderr.matchAll(/Restoring (\S+), \S+ to (\S+)/g)];
    expect(restored.map(([, from, to]) => [from, to])).toEqual([
      ...['backups_foo', 'backups_bar', 'backups'].map((name, index) => [
        ...[site.path('away', name), live[index]],
      ]),
    ]);
    expect(state()).toEqual(backedUp);
  });

  it('71: is refused with a line that says which, as 4.x did', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const additional = ['backup_blobs = false', 'additional_filestorages = foo'];
    const refused = [
      [['foo /x'], "alternative_restore_sources is missing key 'Data'."],
      [['Data /x'], "alternative_restore_sources is missing key 'foo'."],
      [['foo /x', '1 /x', 'Data /y'], "key 'Data' is used. Are you using both '1' and 'Data'?"],
      [['foo /x', 'Data /y', '1 /x'], "key '1' is used. Are you using both '1' and 'Data'?"],
      [['foo /x', 'foo /y', 'Data /z'], "key 'foo' is used twice."],
      [['foo /x', 'Data /y', 'bar /z'], "key 'bar' unknown in storages."],
      [['foo', 'Data /y'], "line 'foo' has a wrong format."],
      [['foo /x /b', 'Data /y'], "key 'foo' specifies blobdir '/b'"],
    ] as const;
    for (const [sources, text] of refused) {
      const lines = sources.map((line) => `    ${line}`);
      site.configure(recipeCfg([...additional, 'alternative_restore_sources =', ...lines]));
      const { status, stderr } = await site.run(['install']);
      expect([status, stderr]).toEqual([2, expect.stringContaining(text)]);
      expect(site.scripts()).toEqual([]);
    }
    const two = ['alternative_restore_source =', '    Data /x', '    Data /y'];
    site.configure(recipeCfg(['backup_blobs = false', ...two]));
    const { status, stderr } = await site.run(['install']);
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining('Only one alternative_restore_source line is supported.'),
    ]);
  });

  it('71, W21: is refused without its blob folder, unless blobs are off', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const install = async (...lines: readonly string[]) => {
      site.configure(recipeCfg(lines));
      const { status, stderr } = await site.run(['install']);
      return [status === 0, stderr] as const;
    };
    const source = (text: string) => `alternative_restore_source = ${text}`;
    const refused = [
      [[BLOBS, source('Data /x')], "key 'Data' is missing a blobdir."],
      [[BLOBS, source('catalog /x /y')], "key 'catalog' unknown"],
      [[BLOBS, source('Data')], 'wrong format'],
      [['backup_blobs = false', source('Data /x /y')], "specifies blobdir '/y'"],
    ] as const;
    for (const [lines, text] of refused) {
      expect(await install(...lines)).toEqual([false, expect.stringContaining(text)]);
    }
    expect(await install(BLOBS, 'backup_blobs = false', source('Data /x'))).toEqual([
      true,
      expect.any(String),
    ]);
    expect(site.scripts()).toContain('altrestore');
  });
});
