import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram, zodbvault } from '../support/command.ts';
import { makeSite } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';

/*
 * Folders of backups on the command line, and no data: a copy from elsewhere is restored to the site that is
 * here, whatever says where its data is.
 */

const scratch = scratchFolder();
const COPIES = ['--location', 'copies/backups', '--blobbackuplocation', 'copies/blobs'];
let template: Promise<void> | undefined;
let made = 0;

async function makeModel(model: string): Promise<void> {
  await makeSite(join(model, 'filestorage/Data.fs'), 6);
  const data = ['--datafs', 'filestorage/Data.fs', '--blob-storage', 'blobstorage'];
  await zodbvault(['backup', ...data, ...COPIES], { cwd: model });
}

/** A site with its data below `db/own`, and copies of its backups in `copies`. */
async function newSite() {
  const model = join(scratch, 'model');
  template ??= makeModel(model);
  await template;
  const folder = join(scratch, `site-${++made}`);
  const path = (name = '.') => join(folder, name);
  mkdirSync(path('db'), { recursive: true });
  cpSync(model, path('db/own'), { recursive: true });
  cpSync(join(model, 'copies'), path('copies'), { recursive: true });
  rmSync(path('db/own/copies'), { recursive: true });
  const dataFs = path('db/own/filestorage/Data.fs');
  const content = readFileSync(dataFs);
  const run = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    zodbvault(words, { cwd: folder, env: { ZODBVAULT_DATA: '', ...env } });
  const hasData = () => existsSync(dataFs) && readFileSync(dataFs).equals(content);
  const hasBlobs = () => existsSync(path('db/own/blobstorage/.layout'));
  return {
    path,
    run,
    hasData,
    hasBlobs,
    write: (name: string, ...lines: readonly string[]) => {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), lines.join('\n'));
    },
    /** Loses the data, and brings it back from the copies. */
    restore: async (words: readonly string[], env?: Readonly<Record<string, string>>) => {
      rmSync(path('db/own'), { recursive: true });
      mkdirSync(path('db/own'));
      const finished = await run(['restore', '-n', ...words], env);
      return [finished.status, hasData(), hasBlobs(), finished.stderr] as const;
    },
  };
}

const CONF = [
  ...['<zodb_db main>', '<filestorage>', 'path db/own/filestorage/Data.fs'],
  ...['blob-dir db/own/blobstorage', '</filestorage>', '</zodb_db>'],
];
const YAML = [
  ...['default_context:', '  location_clienthome: db/own'],
  '  db_blob_location: db/own/blobstorage',
];

describe('folders of backups on the command line', () => {
  it.each([
    ['a zope.conf', { 'etc/zope.conf': CONF }, [], {}],
    ['a zope.conf by its name', { 'other/etc.conf': CONF }, ['-c', 'other/etc.conf'], {}],
    ['an instance.yaml', { 'instance.yaml': YAML }, [], {}],
    [
      'a zodbvault.toml',
      { 'zodbvault.toml': ['datafs = "db/own/filestorage/Data.fs"', 'backup_blobs = false'] },
      [],
      {},
    ],
    ['the volume of a container', {}, [], { ZODBVAULT_DATA: 'db/own' }],
    [
      'what the image of a container presets',
      {},
      [],
      {
        ZODBVAULT_DATAFS: 'db/own/filestorage/Data.fs',
        ZODBVAULT_BLOB_STORAGE: 'db/own/blobstorage',
        ZODBVAULT_LOCATION: 'none',
        ZODBVAULT_BLOBBACKUPLOCATION: 'none-of-blobs',
      },
    ],
  ])('are restored to where the data is by %s', async (_, files, words, env) => {
    const site = await newSite();
    for (const [name, lines] of Object.entries(files)) {
      const folder = name.startsWith('other') ? [`instancehome ${site.path()}`] : [];
      site.write(name, ...folder, ...lines);
    }
    const listed = await site.run(['list', '--json', ...words, ...COPIES], env);
    expect([listed.status, listed.stderr]).toEqual([0, '']);
    expect(documentOf(listed).points[0].blobs.state).toBe('found');
    expect(await site.restore([...words, ...COPIES], env)).toEqual([
      ...[0, true, true],
      expect.any(String),
    ]);
    expect(readdirSync(site.path()).sort()).not.toContain('var');
  });

  it('are undone by the line that is printed', async () => {
    const site = await newSite();
    site.write('etc/zope.conf', ...CONF);
    writeFileSync(site.path('db/own/filestorage/Data.fs'), 'another');
    const { stderr } = await site.run(['restore', '-n', '--force', ...COPIES]);
    expect(site.hasData()).toBe(true);
    const undo = stderr.split('\n').find((line) => line.includes(' --undo')) ?? '';
    const pasted = await runProgram('/bin/sh', ['-c', `${undo} -n`], { cwd: '/' });
    expect([pasted.status, site.hasData()]).toEqual([0, false]);
  });

  it('may be where one stands, in a copy without a site: nothing is said of a Data.fs that is not there', async () => {
    const site = await newSite();
    const copy = join(scratch, 'copied-backups');
    cpSync(site.path('copies/backups'), copy, { recursive: true });
    for (const words of [['list'], ['verify'], ['check', '--free', 'off'], ['history']]) {
      const { status, stdout, stderr } = await zodbvault([...words, '--location', '.'], {
        cwd: copy,
      });
      expect([words, status, stdout + stderr]).toEqual([
        words,
        0,
        expect.not.stringMatching(/Warning/),
      ]);
    }
  });

  it('leave out the blobs where no folder is named for theirs, and say so', async () => {
    const site = await newSite();
    site.write('etc/zope.conf', ...CONF);
    const location = COPIES.slice(0, 2);
    expect(await site.restore(location)).toEqual([
      ...[3, true, false],
      expect.stringContaining('--blobbackuplocation'),
    ]);
    expect(await site.restore([...location, '--no-blobs'])).toEqual([
      ...[0, true, false],
      expect.not.stringContaining('--blobbackuplocation'),
    ]);
  });

  it('lose nothing by what a zodbvault.toml keeps in its own, and are of one of its sites', async () => {
    const site = await newSite();
    const data = 'datafs = "db/own/filestorage/Data.fs"';
    site.write('zodbvault.toml', 'keep = 1', 'keep_blob_days = 1', data);
    const full = ['backup', '--full', '-q', ...COPIES];
    for (const _ of [1, 2]) expect((await site.run(full)).status).toBe(0);
    const fulls = readdirSync(site.path('copies/backups')).filter((one) => one.endsWith('.fsz'));
    expect(fulls.length).toBe(3);
    site.write('zodbvault.toml', '[sites.a]', data, '[sites.b]', 'datafs = "b/Data.fs"');
    const both = await site.restore(COPIES);
    expect(both).toEqual([2, false, false, expect.stringContaining('has a, b')]);
    expect((await site.run(['list', ...COPIES])).status).toBe(0);
    expect(await site.restore([...COPIES, '--part', 'a'])).toEqual([
      ...[0, true, true],
      expect.any(String),
    ]);
  });

  it('are refused where a buildout has its data elsewhere than in the usual place', async () => {
    const site = await newSite();
    const part = ['[backup]', 'recipe = collective.recipe.backup', 'backup_blobs = false'];
    const data = 'datafs = db/own/filestorage/Data.fs';
    site.write('buildout.cfg', '[buildout]', 'parts = backup', ...part, data);
    site.write('var/filestorage/Data.fs', 'an old one');
    expect(await site.restore(COPIES)).toEqual([
      ...[1, false, false],
      expect.stringContaining('Name it with --datafs'),
    ]);
    expect(readFileSync(site.path('var/filestorage/Data.fs'), 'utf8')).toBe('an old one');
    expect((await site.run(['list', ...COPIES])).status).toBe(0);
    const mixed = await site.run(['restore', '-n', '--part', 'backup', ...COPIES]);
    expect([mixed.status, mixed.stderr]).toEqual([2, expect.stringContaining('the part says')]);
  });

  it('stand beside a file that --config names, but its data cannot be named at once', async () => {
    const site = await newSite();
    site.write('etc/zope.conf', ...CONF);
    const words = ['-c', 'etc/zope.conf', '--datafs', 'x.fs', ...COPIES];
    const { status, stderr } = await site.run(['restore', '-n', ...words]);
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining('"etc/zope.conf" says where the data is'),
    ]);
    expect(stderr).toContain('Leave out --config, or those two');
  });

  it('have jobs of their own, beside those of the site', async () => {
    const site = await newSite();
    site.write('etc/zope.conf', ...CONF);
    const { stdout } = await site.run(['schedule', ...COPIES]);
    expect(stdout).toContain(`# begin zodbvault "${site.path('copies/backups')}"`);
    expect(stdout).toContain(
      ` backup -q --config ${site.path('etc/zope.conf')} --location ${site.path('copies/backups')} `,
    );
  });
});
