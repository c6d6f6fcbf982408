import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  buildoutSiteIn,
  dataFilesIn,
  folderState,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { runProgram } from '../support/command.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const NO_BLOBS = 'backup_blobs = false';
const FOUR = ['backup', 'restore', 'snapshotbackup', 'snapshotrestore'];
const ALL = [...FOUR, 'repozo'].sort();
const PYTHON = '#!/site/bin/python\nimport sys\nimport collective.recipe.backup.main\n';

let folders = 0;

/** A buildout without a site, with files by their paths. */
function buildoutWith(files: Readonly<Record<string, string>>) {
  const site = buildoutSiteIn(join(scratch, `bare-${++folders}`));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(site.path(name), '..'), { recursive: true });
    writeFileSync(site.path(name), text);
  }
  return site;
}

describe('zodbvault install', () => {
  it('writes scripts that run from anywhere with an empty environment', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([NO_BLOBS]));
    const { status, stderr } = await runProgram('env', ['-i', site.path('bin/backup')], {
      cwd: '/',
    });
    expect([status, stderr]).toEqual([0, expect.stringContaining('INFO: Backing up')]);
    expect(dataFilesIn(site.path('var/backups'))).toHaveLength(1);
    expect(statSync(site.path('bin/backup')).mode & 0o777).toBe(0o755);
    const again = await site.install();
    expect(again.stderr).toBe('Everything is as it should be.\n');
  });

  it('says what the recipe removes where the part does not say how much is kept', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(recipeCfg([NO_BLOBS]));
    expect((await site.install()).stderr).toContain('[backup] keeps 2 full backups and removes');
    site.configure(recipeCfg([NO_BLOBS, 'keep = 2', 'debug = true']));
    expect((await site.install()).stderr).not.toContain('removes');
    site.configure(recipeCfg(['only_blobs = true', 'blob_storage = var/blobstorage']));
    expect((await site.install()).stderr).toContain('removes backups of the blobs after 14 days');
  });

  it('says with --dry-run what it would do, as JSON too, and does nothing', async () => {
    const site = buildoutWith({ 'buildout.cfg': recipeCfg([NO_BLOBS, 'compatible = 2.3']) });
    const before = folderState(site.folder);
    const told = await site.run(['install', '--dry-run']);
    expect(told.stdout).toContain(`Would generate script '${site.path('bin/backup')}'.`);
    const document = documentOf(await site.run(['install', '--dry-run', '--json']));
    const steps: readonly { action: string; path: string }[] = document.steps;
    expect([document.status, document.outcome]).toEqual([0, 'planned']);
    const paths = steps.map(
      ({ action, path }) => `${action} ${path.slice(site.folder.length + 1)}`,
    );
    expect(paths).toEqual([
      ...['backup', 'snapshotbackup', 'restore', 'snapshotrestore', 'repozo'].map(
        (name) => `write bin/${name}`,
      ),
      ...['make-folder var/backups', 'make-folder var/snapshotbackups'],
    ]);
    expect(folderState(site.folder)).toEqual(before);
  });

  it('replaces its own scripts and the recipe’s, and removes only its own', async () => {
    const site = buildoutWith({
      'buildout.cfg': recipeCfg([NO_BLOBS]),
      'bin/backup': PYTHON,
      'bin/fullbackup': PYTHON,
      'bin/mine': 'mine',
      'bin/repozo': '#!/usr/bin/python\nimport ZODB.scripts.repozo\n',
    });
    const { stderr } = await site.install();
    expect(stderr).toContain(
      `Generated script '${site.path('bin/backup')}'. (in place of the recipe`,
    );
    const foreign = folderState(site.path('bin'));
    site.configure(recipeCfg([NO_BLOBS], { part: 'other' }));
    const second = await site.install();
    for (const name of FOUR) {
      expect(second.stderr).toContain(`Removed script '${site.path('bin', name)}'.\n`);
    }
    const left = folderState(site.path('bin'));
    for (const name of ['fullbackup', 'mine', 'repozo']) expect(left[name]).toBe(foreign[name]);
    expect(Object.keys(left)).not.toContain('backup');
  });

  it('clears away what a killed run had begun to write', async () => {
    const site = buildoutWith({
      'buildout.cfg': recipeCfg([NO_BLOBS]),
      'bin/.backup.0123456789ab.zodbvault-tmp': 'half a script',
      'bin/.hidden': 'mine',
    });
    const { status, stderr } = await site.install();
    expect([status, stderr]).toEqual([0, expect.stringContaining('.backup.0123456789ab')]);
    expect(readdirSync(site.path('bin')).sort()).toEqual(['.hidden', ...ALL]);
  });

  it('refuses to replace a file, folder or link of somebody else, and changes nothing', async () => {
    const site = buildoutWith({
      'buildout.cfg': recipeCfg([NO_BLOBS]),
      'bin/backup': 'echo mine\n',
    });
    mkdirSync(site.path('bin/restore'));
    symlinkSync('/bin/true', site.path('bin/snapshotbackup'));
    const before = folderState(site.folder);
    const { status, stderr } = await site.run(['install']);
    expect(status).toBe(1);
    const list = ['backup', 'snapshotbackup', 'restore'].map(
      (name) => `"${site.path('bin', name)}"`,
    );
    expect(stderr).toBe(
      `Error: Cannot install: ${list.join(', ')} were written by something else.\nHint: Nothing was changed. Move it away, or give the part another name.\n`,
    );
    expect(folderState(site.folder)).toEqual(before);
  });

  it('keeps scripts of other parts, and of other buildouts, that it was not asked about', async () => {
    const two = recipeCfg([NO_BLOBS], {
      more: `[weekly]\nrecipe = collective.recipe.backup\n${NO_BLOBS}\n`,
    });
    const site = buildoutWith({ 'buildout.cfg': two });
    await site.install('weekly');
    expect(site.scripts()).toEqual([
      ...['repozo', 'weekly', 'weekly-restore', 'weekly-snapshot', 'weekly-snapshotrestore'],
    ]);
    await site.install('backup');
    site.configure(`${two}enable_snapshotrestore = false\n`);
    await site.install('backup');
    expect(site.scripts()).toContain('weekly-snapshotrestore');
    await site.install('weekly');
    expect(site.scripts()).toEqual([...ALL, 'weekly', 'weekly-restore', 'weekly-snapshot'].sort());
    writeFileSync(site.path('small.cfg'), recipeCfg([NO_BLOBS], { part: 'small' }));
    await site.install('-c', 'small.cfg');
    expect(site.scripts()).toEqual(expect.arrayContaining([...ALL, 'small', 'weekly']));
    writeFileSync(site.path('other.cfg'), recipeCfg([NO_BLOBS], { part: 'small' }));
    expect((await site.install('-c', 'other.cfg')).stderr).toContain(
      `${site.path('bin/small')}, ${site.path('bin/small-snapshot')}, `,
    );
    const again = (await site.install('-c', 'small.cfg')).stderr;
    expect(again).toContain(`: written for "${site.path('other.cfg')}" before, and now for `);
  });

  it('refuses a part that is none, with those that there are', async () => {
    const site = buildoutWith({ 'buildout.cfg': recipeCfg([NO_BLOBS]) });
    const { status, stderr } = await site.run(['install', 'instance']);
    expect([status, stderr]).toEqual([
      2,
      `Error: Cannot find the part [instance] in "${site.path('buildout.cfg')}".\nHint: Its parts with "recipe = collective.recipe.backup" are [backup].\n`,
    ]);
    const broken = buildoutWith({ 'buildout.cfg': '[broken]\n<= nowhere\n' });
    expect((await broken.run(['install', 'broken'])).stderr).toContain(
      `Cannot resolve ${broken.path('buildout.cfg')}:2: the section [nowhere] does not exist.`,
    );
  });

  it('refuses parts whose scripts would have the same name, or a path', async () => {
    const more = `[nightly-restore]\nrecipe = collective.recipe.backup\n${NO_BLOBS}\nlocationprefix = x\n`;
    const site = buildoutWith({ 'buildout.cfg': recipeCfg([NO_BLOBS], { part: 'nightly', more }) });
    const { status, stderr } = await site.run(['install']);
    expect([status, site.scripts()]).toEqual([2, []]);
    expect(stderr).toContain(
      'the parts [nightly] and [nightly-restore] both want the script "nightly-restore"',
    );
    site.configure(recipeCfg([NO_BLOBS], { part: '../../evil' }));
    const evil = await site.run(['install']);
    expect(evil.status).toBe(2);
    expect(evil.stderr).toContain('the part [../../evil] has a "/" in its name');
    expect(existsSync(join(scratch, 'evil'))).toBe(false);
  });

  it('warns of two parts with one folder, and of options that nobody reads', async () => {
    const more = `[weekly]\nrecipe = collective.recipe.backup\n${NO_BLOBS}\nlocation = var/backups\nkep = 1\n`;
    const site = buildoutWith({
      'buildout.cfg': recipeCfg([NO_BLOBS, 'locationprefix = var'], { more }),
    });
    site.configure(recipeCfg([NO_BLOBS], { more: more.replace('var/backups', 'backups') }));
    const { stderr } = await site.install();
    expect(stderr).toContain(
      'Warning: [weekly] kep: unknown option, ignored; did you mean "keep"?\n',
    );
    expect(stderr).toContain(
      `Warning: the parts [backup] and [weekly] both have their backups in "${site.path('var/backups')}": each deletes old ones by its own rules\n`,
    );
  });

  it('finds parts whatever the case of the recipe, and listed or not', async () => {
    const site = buildoutWith({
      'buildout.cfg': `[buildout]\nparts =\n[backup]\nrecipe = Collective.Recipe.Backup\n${NO_BLOBS}\n`,
    });
    await site.install();
    expect(site.scripts()).toEqual(ALL);
    site.configure('[buildout]\nparts = backup\n[backup]\nrecipe = colective.recipe.backup\n');
    const mistyped = await site.run(['install']);
    expect(mistyped.status).toBe(2);
    expect(mistyped.stderr).toContain(
      '"recipe = colective.recipe.backup" is a recipe that zodbvault does not know',
    );
    expect(site.scripts()).toEqual(ALL);
    site.configure('[buildout]\nparts =\n');
    const { stderr } = await site.install();
    expect(stderr).toContain('has "recipe = collective.recipe.backup"');
    expect(site.scripts()).toEqual(['repozo']);
  });

  it('takes options from the command line, above all files', async () => {
    const site = buildoutWith({ 'buildout.cfg': recipeCfg([NO_BLOBS, 'keep = many']) });
    await site.install('backup:keep=3', 'bin-directory=scripts');
    expect(existsSync(site.path('bin'))).toBe(false);
    expect(readFileSync(site.path('scripts/backup'), 'utf8')).toContain('"keep":3');
    const wrong = await site.run(['install', 'backup:keep=-3']);
    expect(wrong.stderr).toContain('the command line: keep = -3: a whole number from 0');
    const nothing = await site.run(['install', 'a b=3']);
    expect([nothing.status, nothing.stderr]).toEqual([
      2,
      expect.stringContaining('Cannot use "a b=3": it is not section:option=value.'),
    ]);
  });

  it('begins paths at the folder above the scripts, wherever the .cfg is', async () => {
    const site = buildoutWith({
      'conf/prod.cfg': '[buildout]\nextends = base.cfg\nbin-directory = ../bin\n',
      'conf/base.cfg': recipeCfg([NO_BLOBS, 'datafs = data/Data.fs']),
    });
    await site.install('-c', 'conf/prod.cfg');
    const text = readFileSync(site.path('bin/backup'), 'utf8');
    expect(text).toContain(`"dataFs":"${site.path('data/Data.fs')}"`);
    expect(text).toContain(`"filestorage":"${site.path('var/backups')}"`);
  });

  it('reads the user’s defaults below the buildout, from BUILDOUT_HOME or the home', async () => {
    const site = buildoutWith({
      'buildout.cfg': recipeCfg([NO_BLOBS, 'keep = 3']),
      'home/.buildout/default.cfg': '[backup]\nkeep = 4\nkeep_blob_days = 5\n',
      'other/default.cfg': '[backup]\nkeep_blob_days = 6\n',
    });
    const settings = async (env: Readonly<Record<string, string>>) => {
      const [config] = documentOf(await site.run(['config', '--json'], { env })).sites;
      const all: readonly { name: string; value: string; from: string }[] = config.settings;
      return all
        .filter(({ name }) => name === 'keep' || name === 'keep_blob_days')
        .map(({ value, from }) => [value, from]);
    };
    const three = ['3', `${site.path('buildout.cfg')}:6`];
    expect(await settings({ HOME: site.path('home') })).toEqual([
      three,
      ['5', `${site.path('home/.buildout/default.cfg')}:3`],
    ]);
    const env = { HOME: site.path('home'), BUILDOUT_HOME: site.path('other') };
    expect(await settings(env)).toEqual([three, ['6', `${site.path('other/default.cfg')}:2`]]);
  });

  it('keeps all scripts where an address of the buildout cannot be had, and says so', async () => {
    const server = createServer((_, response) => response.end(recipeCfg([NO_BLOBS])));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base.cfg`;
    const site = buildoutWith({ 'buildout.cfg': `[buildout]\nextends = ${address}\n` });
    try {
      await site.install();
      expect(site.scripts()).toEqual(ALL);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    const { stderr } = await site.install();
    expect(stderr).toMatch(
      new RegExp(
        `Note: zodbvault could not read ${address} \\(.*ECONNREFUSED.*\\), and works without it`,
      ),
    );
    expect(site.scripts()).toEqual(ALL);

    // What buildout itself found out the last time it ran.
    writeFileSync(
      site.path('.installed.cfg'),
      `[backup]\nrecipe = collective.recipe.backup\n${NO_BLOBS}\nkeep = 7\n`,
    );
    const { stdout } = await site.run(['config']);
    expect(stdout).toMatch(/\bkeep +7 +\S+\.installed\.cfg:4\b/);
  });

  it('finds in an extends-cache of the command line what no server answers', async () => {
    const address = 'http://127.0.0.1:9/base.cfg';
    const cached = createHash('md5').update(address).digest('hex');
    const site = buildoutWith({
      'buildout.cfg': `[buildout]\nextends = ${address}\nextends-cache = other\n`,
      [`cache/${cached}`]: recipeCfg([NO_BLOBS, 'keep = 9']),
    });
    for (const cache of ['cache', '~/cache', site.path('cache'), `\${buildout:directory}/cache`]) {
      const { stdout, stderr } = await site.run(['config', '--json', `extends-cache=${cache}`], {
        env: { HOME: site.folder },
      });
      const said = `"keep","value":"9","from":"${address}:6"`;
      expect([cache, stdout, stderr]).toEqual([
        cache,
        expect.stringContaining(said),
        expect.not.stringContaining('zodbvault could not read'),
      ]);
    }
    const { stderr } = await site.install(`buildout:extends-cache=${site.path('cache')}`);
    expect(stderr).not.toContain('zodbvault could not read');
    expect(site.scripts()).toEqual(ALL);
    expect((await site.run(['config'])).stderr).toContain(`zodbvault could not read ${address}`);
  });

  it('needs only what it uses: other sections may refer to what is not there', async () => {
    const site = buildoutWith({
      'buildout.cfg': recipeCfg([NO_BLOBS], {
        more: ['[a]', '<= nowhere', '[b]', `x = \${nowhere:y}`].join('\n'),
      }),
    });
    await site.install();
    site.configure(recipeCfg([NO_BLOBS, '<= nowhere']));
    const { status, stderr } = await site.run(['install']);
    expect(status).toBe(2);
    expect(stderr).toContain(
      `Cannot resolve ${site.path('buildout.cfg')}:6: the section [nowhere] does not exist`,
    );
  });

  it('names the .cfg that is not there, is a folder, or holds a line that is nothing', async () => {
    const site = buildoutWith({});
    const missing = await site.run(['install']);
    expect([missing.status, missing.stderr]).toEqual([
      1,
      expect.stringContaining(
        `Cannot find a buildout: there is no "${site.path('buildout.cfg')}".`,
      ),
    ]);
    const folder = await site.run(['install', '-c', '.']);
    expect([folder.status, folder.stderr]).toEqual([
      1,
      expect.stringContaining(`Cannot read "${site.folder}": it is a folder, not a file.`),
    ]);
    site.configure('[buildout]\nparts: backup\n');
    const wrong = await site.run(['install']);
    expect([wrong.status, wrong.stderr]).toEqual([
      2,
      expect.stringContaining(
        `Cannot read "${site.path('buildout.cfg')}": line 2 is "parts: backup".`,
      ),
    ]);
  });

  it('cannot run a script of another version, and says what to do', async () => {
    const site = buildoutWith({ 'buildout.cfg': recipeCfg([NO_BLOBS]) });
    await site.install();
    const text = readFileSync(site.path('bin/backup'), 'utf8');
    writeFileSync(site.path('bin/backup'), text.replace('"format":1', '"format":0'));
    const { status, stderr } = await site.script('backup');
    expect(status).not.toBe(0);
    expect(stderr).toContain('Run "zodbvault install" in the buildout again.');
    renameSync(site.path('bin/restore'), site.path('bin/moved'));
    chmodSync(site.path('bin/moved'), 0o755);
    expect((await site.script('moved', ['--help'])).status).toBe(0);
    rmSync(site.path('bin'), { recursive: true });
  });
});
