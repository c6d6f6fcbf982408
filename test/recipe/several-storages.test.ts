/** "Several storages" of the recipe's own acceptance list: 21 to 25. */
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  commitBlob,
  dataFilesIn,
  folderState,
  namesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();

/** What a script said that it backed up or restored, in its order. */
const inOrder = (stderr: string, pattern: RegExp) =>
  [...stderr.matchAll(pattern)].map(([, path]) => path);

describe('a part with several storages', () => {
  it.each(['6.0', '2.3'])(
    'backs up and restores the additional ones first, each in its folder, with the rules of %s',
    async (rules) => {
      const names = ['catalog', 'another', 'foo/bar'];
      const site = await newBuildoutSite(
        scratch,
        recipeCfg([
          'backup_blobs = false',
          `compatible = ${rules}`,
          'additional_filestorages =',
          ...names.map((name) => `    ${name}`),
        ]),
      );
      const files = [...names, 'Data'].map((name) => site.path(`var/filestorage/${name}.fs`));
      for (const file of files.slice(0, 3)) await commitBlob(file, site.path('var/blobs'));
      const { stderr } = await site.scriptWell('backup');
      expect(inOrder(stderr, /Backing up (\S+) to/g)).toEqual(files);
      const snapshot = await site.scriptWell('snapshotbackup');
      expect(inOrder(snapshot.stderr, /Backing up (\S+) to/g)).toEqual(files);
      for (const kind of ['backups', 'snapshotbackups']) {
        for (const end of ['', '_catalog', '_another', '_foo/bar']) {
          expect(dataFilesIn(site.path('var', `${kind}${end}`))).toHaveLength(1);
        }
      }

      const before = files.map((file) => readFileSync(file, 'hex'));
      rmSync(site.path('var/filestorage'), { recursive: true });
      const restored = await site.script('restore', [], { input: 'yes\n' });
      expect(restored.status).toBe(0);
      expect(restored.stderr).not.toContain('are kept');
      const question = files.map((file) => `    ${file}\n`).join('');
      expect(restored.stdout).toContain(
        `This will replace the filestorage:\n${question}Are you sure`,
      );
      expect(inOrder(restored.stderr, /Restoring .* to (\S+)/g)).toEqual(files);
      expect(files.map((file) => readFileSync(file, 'hex'))).toEqual(before);
    },
  );

  it('replaces none of them where one cannot be restored', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg(['backup_blobs = false', 'additional_filestorages = other']),
    );
    await commitBlob(site.path('var/filestorage/other.fs'), site.path('var/blobs'));
    await site.scriptWell('backup');
    await commitBlob(site.path('var/filestorage/other.fs'), site.path('var/blobs'));
    await commitBlob(site.dataFs);
    rmSync(site.path('var/backups'), { recursive: true });
    const before = folderState(site.path('var/filestorage'));
    expect((await site.script('restore', ['-n'])).status).toBe(1);
    expect(folderState(site.path('var/filestorage'))).toEqual(before);
  });

  it('warns before one is put back as it was long before the others, since backups were made without it', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const configure = (...lines: readonly string[]) =>
      site.configure(recipeCfg(['backup_blobs = false', ...lines]));
    // Stamps have no fractions.
    const backUpLater = async () => {
      await setTimeout(1100);
      await commitBlob(site.dataFs);
      expect((await site.run(['backup'])).status).toBe(0);
    };
    const other = site.path('var/filestorage/other.fs');
    await commitBlob(other, site.path('var/blobs'));
    configure('additional_filestorages = other');
    expect((await site.run(['backup'])).status).toBe(0);
    // One that has only not changed is as good as new.
    await backUpLater();
    expect((await site.run(['restore', '-n'])).status).toBe(0);
    configure();
    await backUpLater();
    configure('additional_filestorages = other');
    const [old, newest] = ['backups_other', 'backups'].map((folder) =>
      dataFilesIn(site.path('var', folder)).at(-1)?.slice(0, 19),
    );
    const warning = `"other" is of ${old} (UTC), but the other backups are of ${newest}: since then, 1 backup left it out`;
    const asked = await site.run(['restore'], { input: 'no\n' });
    expect([asked.stdout, asked.stderr]).toEqual([
      expect.stringContaining('Are you sure'),
      expect.stringContaining(warning),
    ]);
    const { status, stderr } = await site.run(['restore', '-n']);
    expect([status, stderr.split(warning).length]).toEqual([3, 2]);
  });

  it('backs up the blobs of each under the stamp of its own Data.fs backup', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([
        'blob_storage = var/blobstorage',
        'additional_filestorages =',
        '    foo var/foo/foo.fs var/blobstorage-foo',
        '    bar var/bar/bar.fs',
      ]),
    );
    const foo = [site.path('var/foo/foo.fs'), site.path('var/blobstorage-foo')] as const;
    await commitBlob(...foo);
    await commitBlob(site.path('var/bar/bar.fs'), site.path('var/bar/blobs'));
    const { stderr } = await site.scriptWell('snapshotbackup');
    expect(stderr).toContain('INFO: no blob dir for storage bar\n');
    expect(stderr).toMatch(/^INFO: foo: Wrote blobstorage-foo\.\S+: 1 blob, 5\.0/m);
    await site.scriptWell('backup');
    await commitBlob(...foo);
    await site.scriptWell('backup');
    const namesOf = (folder: string) => namesIn(site.path('var', folder));
    const expected = (base: string, folder: string) => [
      ...dataFilesIn(site.path('var', folder)).map((name) => `${base}.${name.slice(0, 19)}`),
      'latest',
    ];
    const foos = expected('blobstorage-foo', 'backups_foo');
    expect(foos).toHaveLength(3);
    expect(namesOf('blobstoragebackups_foo')).toEqual(foos);
    expect(namesOf('blobstoragebackups')).toEqual(expected('blobstorage', 'backups'));
    expect(dataFilesIn(site.path('var/backups_bar'))).toHaveLength(1);
    expect(namesOf('blobstoragesnapshots_foo')).toEqual(
      expected('blobstorage-foo', 'snapshotbackups_foo'),
    );
    expect(namesOf('.').filter((name) => name.endsWith('_bar'))).toEqual([
      ...['backups_bar', 'snapshotbackups_bar'],
    ]);
    const verified = (await site.run(['verify', '--kind', 'backup'])).stderr.split('\n');
    expect(verified).toEqual([
      `Verified ${site.path('var/backups_foo')}: 2 backups intact, none damaged`,
      `Verified ${site.path('var/blobstoragebackups_foo')}: 2 blob backups intact, none damaged`,
      `Verified ${site.path('var/backups_bar')}: 1 backup intact, none damaged`,
      `Verified ${site.path('var/backups')}: 1 backup intact, none damaged`,
      `Verified ${site.path('var/blobstoragebackups')}: 1 blob backup intact, none damaged`,
      '',
    ]);
    await site.run(['report', '--output', 'report.html']);
    const [, ofBar = ''] = readFileSync(site.path('report.html'), 'utf8').split('<h3>bar, backup');
    const [bar = '', ...others] = ofBar.split('<h3>');
    expect(bar).not.toContain('Blobs');
    expect(others.join()).toContain('<th scope="col">Blobs</th>');
    const { latest } = folderState(site.path('var/blobstoragebackups_foo'));
    expect(latest).toBe(`-> ${foos.at(-2)}`);
  });

  it('is refused for a line of four words', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(recipeCfg(['backup_blobs = false', 'additional_filestorages = a b c d']));
    const { status, stderr } = await site.run(['install']);
    expect([status, site.scripts()]).toEqual([2, []]);
    expect(stderr).toContain('buildout.cfg:6: additional_filestorages line "a b c d": ');
  });
});
