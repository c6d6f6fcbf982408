/** A buildout that runs several ZEO servers: a backup part is about one of them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type BuildoutSite, commitBlob, newBuildoutSite } from '../support/buildout-site.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();

const NAMES = ['news', 'shop', 'wiki', 'intra', 'photos', 'forum'];

/** Six servers, each with a storage of collective.recipe.filestorage, and `backup` for the part of each. */
function cfgOf(backup: (name: string) => readonly string[], more: readonly string[] = []): string {
  const parts = ['mounts', 'zeo', 'backup'].flatMap((kind) =>
    NAMES.map((name) => `${kind}_${name}`),
  );
  return [
    ...['[buildout]', 'parts =', ...parts.map((part) => `    ${part}`)],
    ...NAMES.flatMap((name) => [
      ...[`[zeo_${name}]`, 'recipe = plone.recipe.zeoserver'],
      `file-storage = filestorage/${name}/Data.fs`,
      `blob-storage = blobs-${name}`,
      ...[`[mounts_${name}]`, 'recipe = collective.recipe.filestorage', `zeo = zeo_${name}`],
      ...[`parts = catalog_${name}`, 'blob-storage = var/blobs-%(fs_part_name)s'],
      ...[`[backup_${name}]`, 'recipe = collective.recipe.backup', ...backup(name)],
    ]),
    ...more,
  ].join('\n');
}

const byDatafs = (name: string) => [
  `datafs = var/filestorage/${name}/Data.fs`,
  `blob_storage = var/blobs-${name}`,
];

async function storagesOf(site: BuildoutSite): Promise<readonly unknown[]> {
  const config = await site.run(['config', '--json']);
  if (config.status !== 0) throw new Error(config.stderr);
  const sites: readonly {
    readonly site: string;
    readonly settings: readonly { readonly name: string; readonly value: string }[];
  }[] = documentOf(config).sites;
  return sites.map(({ site, settings }) => {
    const value = (name: string) => settings.find((one) => one.name === name)?.value;
    return [site, value('datafs'), value('blob_storage'), value('additional_filestorages')];
  });
}

describe('a buildout of six ZEO servers', () => {
  const expected = (site: BuildoutSite) =>
    NAMES.map((name) => [
      `backup_${name}`,
      site.path(`var/filestorage/${name}/Data.fs`),
      site.path(`var/blobs-${name}`),
      `catalog_${name} ${site.path(`var/filestorage/catalog_${name}/catalog_${name}.fs`)} ${site.path(`var/blobs-catalog_${name}`)}`,
    ]);

  it.each([
    ['datafs and blob_storage', byDatafs],
    ['datafs alone', (name: string) => byDatafs(name).slice(0, 1)],
    ['blob_storage alone', (name: string) => byDatafs(name).slice(1)],
  ])(
    'has a backup part for each, which %s tells, with the storages of that server',
    async (_, backup) => {
      const site = await newBuildoutSite(scratch, undefined);
      site.configure(cfgOf(backup));
      expect(await storagesOf(site)).toEqual(expected(site));
    },
  );

  it('restores one of them, and leaves the storages of the others as they are', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(cfgOf((name) => [...byDatafs(name), 'use_rsync = false']));
    const files = (name: string) => [
      site.path(`var/filestorage/${name}/Data.fs`),
      site.path(`var/filestorage/catalog_${name}/catalog_${name}.fs`),
    ];
    const folders = (name: string) => [
      site.path(`var/blobs-${name}`),
      site.path(`var/blobs-catalog_${name}`),
    ];
    const commitAll = async () => {
      for (const name of ['news', 'shop']) {
        for (const [index, file] of files(name).entries()) {
          await commitBlob(file, folders(name)[index]);
        }
      }
    };
    const state = (name: string) => files(name).map((file) => readFileSync(file, 'hex'));
    await commitAll();
    for (const part of ['backup_news', 'backup_shop']) {
      expect((await site.run(['backup', '--part', part])).status).toBe(0);
    }
    const before = state('news');
    await commitAll();
    const others = state('shop');
    expect((await site.run(['restore', '-n', '--part', 'backup_news'])).status).toBe(0);
    expect(state('news')).toEqual(before);
    expect(state('shop')).toEqual(others);
  });

  it.each([
    ['says nothing of its data', [], 'it does not say which ZEO server it backs up'],
    [
      'names a Data.fs of none',
      ['datafs = var/filestorage/old/Data.fs'],
      'the datafs and blob_storage that it names are not those of one ZEO server',
    ],
    [
      'names the Data.fs of one and the blobs of another',
      ['datafs = var/filestorage/news/Data.fs', 'blob_storage = var/blobs-shop'],
      'the datafs and blob_storage that it names are not those of one ZEO server',
    ],
  ])('stops, with a list, at a part that %s', async (_, lines, why) => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(cfgOf((name) => (name === 'wiki' ? lines : byDatafs(name))));
    const { status, stderr } = await site.run(['backup', '--part', 'backup_wiki']);
    const one = `for [zeo_news]: datafs = ${site.path('var/filestorage/news/Data.fs')}, blob_storage = ${site.path('var/blobs-news')}\n`;
    expect([status, stderr]).toEqual([2, expect.stringContaining(one)]);
    expect(stderr).toContain('Cannot use the part [backup_wiki]: ');
    expect(stderr).toContain(`${why}; write into it one of these:\n`);
  });

  it('stops at storages that nobody knows the server of', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const mounts = ['[mounts]', 'recipe = collective.recipe.filestorage', 'parts = x'];
    site.configure(cfgOf(byDatafs, mounts).replace('parts =\n', 'parts =\n    mounts\n'));
    const { status, stderr } = await site.run(['config']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('write into it "zeo = NAME"')]);
  });

  it('says which storages no part backs up', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const cfg = cfgOf(byDatafs).replace('[backup_forum]\nrecipe = collective.recipe.backup', '[x]');
    site.configure(cfg.replace('    backup_forum\n', ''));
    const { status, stderr } = await site.run(['config']);
    expect(status).toBe(0);
    const said = (what: string, file: string) =>
      `Warning: the ${what} of the ZEO server [zeo_forum], "${site.path(file)}", is not backed up: a backup part with "datafs = ${site.path('var/filestorage/forum/Data.fs')}" does it\n`;
    expect(stderr).toContain(said('Data.fs', 'var/filestorage/forum/Data.fs'));
    expect(stderr).toContain(
      said('storage "catalog_forum"', 'var/filestorage/catalog_forum/catalog_forum.fs'),
    );
    expect(stderr.match(/is not backed up/g)).toHaveLength(2);
  });

  it('takes a part by a storage that it names beside its own', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(
      cfgOf((name) => [
        ...[`datafs = var/special/${name}.fs`, `blob_storage = var/special/${name}`],
        `additional_filestorages = main var/filestorage/${name}/Data.fs var/blobs-${name}`,
      ]),
    );
    const [first] = await storagesOf(site);
    expect(String((first as readonly string[])[3]).split('\n')).toEqual([
      `main ${site.path('var/filestorage/news/Data.fs')} ${site.path('var/blobs-news')}`,
      expect.stringMatching(/^catalog_news /),
    ]);
  });
});

describe('a buildout of one ZEO server', () => {
  it('has nothing to do with the storages of a server that it does not run', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const cfg = [
      ...['[buildout]', 'parts = mounts zeo backup'],
      ...['[zeo]', 'recipe = plone.recipe.zeoserver', 'blob-storage = blobstorage'],
      ...['[mounts]', 'recipe = collective.recipe.filestorage', 'parts = far', 'zeo = elsewhere'],
      ...['[elsewhere]', 'zeo-address = example.org:8100'],
      ...['[backup]', 'recipe = collective.recipe.backup'],
    ];
    site.configure(cfg.join('\n'));
    expect(await storagesOf(site)).toEqual([['backup', site.dataFs, site.blobs, '']]);
    expect((await site.run(['config'])).stderr).toContain(
      'the storage "far" of the ZEO server [elsewhere], ',
    );
  });
});
