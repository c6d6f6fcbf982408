import { describe, expect, it } from 'vitest';
import { RECIPE_OPTIONS } from '../../src/config/resolve/option-table.ts';
import { newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { zodbvault } from '../support/command.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();

interface Setting {
  readonly name: string;
  readonly value: string;
  readonly from: string;
}

describe('zodbvault config', () => {
  it('shows each setting with its value, and the file and line, part or default', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const instance = ['[instance]', 'recipe = plone.recipe.zope2instance', 'file-storage = x.fs'];
    const macro = ['[base]', 'keep = 5', 'location = nightly'];
    site.configure(
      recipeCfg(['<= base', 'blob_storage = var/blobstorage', 'keep = 7', 'debug = YES'], {
        more: [...instance, ...macro].join('\n'),
      }).replace('parts = backup', 'parts = backup instance'),
    );
    const document = documentOf(await site.run(['config', '--json', 'backup:full=true']));
    expect(document.status).toBe(0);
    const [{ site: part, settings, scripts }] = document.sites;
    const settled = new Map(
      (settings as readonly Setting[]).map(({ name, value, from }) => [name, [value, from]]),
    );
    const cfg = (line: number) => `${site.path('buildout.cfg')}:${line}`;
    const isWarning = ({ level }: { readonly level: string }) => level === 'warning';
    expect([part, scripts, document.warnings.filter(isWarning)]).toEqual([
      'backup',
      ['backup', 'snapshotbackup', 'restore', 'snapshotrestore'],
      [],
    ]);
    expect(Object.fromEntries(settled)).toMatchObject({
      keep: ['7', cfg(7)],
      debug: ['true', cfg(8)],
      location: [site.path('var/nightly'), cfg(14)],
      snapshotlocation: [site.path('var/snapshotbackups'), 'default'],
      datafs: [site.path('var/x.fs'), 'the part [instance]'],
      blob_storage: [site.path('var/blobstorage'), cfg(6)],
      full: ['true', 'the command line'],
      gzip: ['true', 'default'],
      keep_blob_days: ['14', 'default'],
    });
    // Every option is there that has no other name.
    const others = [
      'blob-storage',
      'alternative_restore_sources',
      'buildout_dir',
      'locationprefix',
    ];
    const expected = Object.keys(RECIPE_OPTIONS).filter((name) => !others.includes(name));
    expect([...settled.keys()].sort()).toEqual(expected.sort());
  });

  it('prints a table for each part, or for those that were named', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const more = ['[weekly]', 'recipe = collective.recipe.backup', 'backup_blobs = no'];
    site.configure(recipeCfg(['backup_blobs = no'], { more: more.join('\n') }));
    const both = await site.run(['config']);
    expect(both.stdout).toMatch(/^ *\[backup\] +Value +From/m);
    expect(both.stdout).toMatch(/^ *\[weekly\] +Value +From/m);
    expect(both.stdout).toMatch(
      new RegExp(`\\bbackup_blobs +false +${site.path('buildout.cfg')}:5\\b`),
    );
    const one = await site.run(['config', 'weekly']);
    expect(one.stdout).not.toContain('[backup]');
    expect(one.stdout).toContain('weekly-snapshotrestore');
    expect((await site.run(['config', 'nightly'])).status).toBe(2);
    site.configure(recipeCfg(['backup_blobs = no', 'keep = x'], { more: more.join('\n') }));
    const broken = await site.run(['config']);
    expect([broken.status, broken.stderr]).toEqual([
      ...[2, expect.stringContaining('What can be used is [weekly]: name it (--part weekly;')],
    ]);
    expect((await site.run(['config', 'weekly'])).status).toBe(0);
  });

  it('shows a part with a thousand storages as it shows one with two', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const names = Array.from({ length: 1000 }, (_, index) => `s${index}`);
    const lines = names.map((name) => `    ${name} var/filestorage/${name}.fs`);
    site.configure(recipeCfg(['backup_blobs = no', 'additional_filestorages =', ...lines]));
    const { status, stdout } = await site.run(['config']);
    expect(status).toBe(0);
    const shown = stdout.split('\n').filter((line) => / s\d+ \S+\.fs\b/.test(line));
    expect(shown.map((line) => /s\d+/.exec(line)?.[0])).toEqual(names);
  });

  it('warns of what is easily written and seldom meant', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const places = ['location = filestorage', 'blobbackuplocation = ..', 'ziplocation = zip'];
    const data = ['datafs = var/filestorage/Data.f', 'blob_storage = var/blobstorag'];
    site.configure(recipeCfg(['keep = 3', ...places, ...data, 'keep = 4']));
    const { status, stdout, stderr } = await site.run(['config', 'backup', 'keep=2']);
    const cfg = site.path('buildout.cfg');
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`\\bkeep +4 +${cfg}:11\\b`));
    expect(stderr.split('\n')).toEqual([
      'Warning: keep=2 sets an option of [buildout], which no backup reads; write PART:keep=2, as in backup:keep=2',
      `Warning: [backup] keep: written twice, in ${cfg}:5 and ${cfg}:11; the last one counts`,
      `Warning: [backup] location: the folder "${site.path('var/filestorage')}" also contains the live "${site.path('var/filestorage/Data.f')}"; give the backups their own folder`,
      `Warning: [backup] blobbackuplocation: the folder "${site.folder}" also contains the live "${site.path('var/filestorage/Data.f')}"; give the backups their own folder`,
      expect.stringMatching(
        /^Note: \[backup\] datafs: there is no Data\.fs ".*Data\.f"\. A new site/,
      ),
      expect.stringMatching(/^Note: \[backup\] blob_storage: there is no blob directory ".*ag"\. /),
      '',
    ]);
  });

  it('says of a folder without a site only what it has not found', async () => {
    const { status, stdout, stderr } = await zodbvault(['config'], { cwd: scratch });
    expect([status, stderr]).toEqual([1, expect.stringContaining('Cannot find a Data.fs: there')]);
    expect(stdout).toContain(
      `zeo.conf or zope.conf in ${scratch}, or its etc, instance/etc, parts/*/etc: `,
    );
    expect(stdout).toContain(`Not taken: ${scratch}/var/filestorage/Data.fs: it does not exist\n`);
    expect(stdout).not.toMatch(/^Taken/m);
  });

  it('shows paths as they come out, and every problem of a part', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const lines = ['backup_blobs = no', 'location = ~/$NAME/../b', 'datafs = ./x//y.fs'];
    site.configure(recipeCfg(lines));
    const env = { HOME: '/home/zope', NAME: 'n' };
    const { stdout } = await site.run(['config'], { env });
    expect(stdout).toMatch(/\blocation +\/home\/zope\/b /);
    expect(stdout).toContain(` ${site.path('x/y.fs')} `);
    site.configure(recipeCfg(['keep = x', 'full = y']));
    const wrong = await site.run(['config', '--json']);
    const [error] = documentOf(wrong).errors;
    expect([wrong.status, error.code, error.message.split('\n').length]).toEqual([2, 'usage', 4]);
  });
});
