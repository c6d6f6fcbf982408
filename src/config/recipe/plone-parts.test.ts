import { describe, expect, it } from 'vitest';
import { buildoutOf, partOf } from '../../../test/support/recipe-part.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { readBuildoutData } from './plone-parts.ts';

const scratch = scratchFolder();
const pathEnvironment = { variables: {}, homeOf: () => undefined };

/** What the parts tell, with `.` for the folder of the buildout. */
async function liveData(...lines: readonly string[]) {
  const { folder, buildout } = await buildoutOf(scratch, lines.join('\n'));
  const text = JSON.stringify(readBuildoutData(buildout, pathEnvironment)).replaceAll(folder, '.');
  return JSON.parse(text);
}

const instance = (...lines: readonly string[]) => [
  '[instance]',
  'recipe = plone.recipe.zope2instance',
  ...lines,
];
const zeo = (...lines: readonly string[]) => ['[zeo]', 'recipe = plone.recipe.zeoserver', ...lines];
const parts = (...names: readonly string[]) => ['[buildout]', `parts = ${names.join(' ')}`];

/** The recipe's own acceptance list, "option search" (29). */
describe('option of another part', () => {
  const three = [
    ...['[one]', 'recipe = plone.recipe.zope2instance', 'file-storage = one.fs'],
    ...['[two]', 'recipe = plone.recipe.zeoserver', 'file-storage = two.fs', 'blob-storage = b2'],
    ...['[three]', 'recipe = plone.recipe.zeoserver', 'file-storage = three.fs', 'var = v3'],
    ...['[four]', 'recipe = some.other.recipe', 'file-storage = four.fs', 'blob-storage = b4'],
  ];

  it('comes from the first listed part that has it; each option is looked up by itself', async () => {
    expect(await liveData(...parts('one', 'two', 'four'), ...three)).toMatchObject({
      dataFs: { path: './var/one.fs', from: 'the part [one]' },
      blobs: { path: './var/b2', from: 'the part [two]' },
    });
  });

  it('follows the order of the parts', async () => {
    const found = await liveData(...parts('four', 'three', 'two', 'one'), ...three);
    expect(found.dataFs).toEqual({ path: './v3/three.fs', from: 'the part [three]' });
    expect(found.variable).toEqual({ path: './v3', from: 'the part [three]' });
  });

  it('is not seen in parts that are not listed, of other recipes, or not there', async () => {
    const found = await liveData(...parts('four', 'five'), ...three);
    expect([found.dataFs, found.blobs, found.hasServerPart]).toEqual([undefined, undefined, false]);
  });

  it('is not seen where it is empty', async () => {
    const found = await liveData(
      ...parts('instance', 'zeo'),
      ...instance('var ='),
      ...zeo('var = v'),
    );
    expect(found.variable).toEqual({ path: './v', from: 'the part [zeo]' });
  });

  it('is seen whatever the case of the recipe', async () => {
    const found = await liveData(
      ...parts('x'),
      ...['[x]', 'recipe = Plone.Recipe.Zope2Instance', 'blob-storage = var/b'],
    );
    expect(found.blobs).toEqual({ path: './var/b', from: 'the part [x]' });
  });
});

describe('path of another part', () => {
  it('of a zope2instance begins at var for the Data.fs, at the buildout for blobs', async () => {
    const lines = instance('var = data', 'file-storage = fs/x.fs', 'blob-storage = data/blobs');
    expect(await liveData(...parts('instance'), ...lines)).toMatchObject({
      variable: { path: './data' },
      dataFs: { path: './data/fs/x.fs' },
      blobs: { path: './data/blobs' },
    });
  });

  it('of a zeoserver begins at var', async () => {
    const lines = zeo('var = data', 'file-storage = fs/x.fs', 'blob-storage = blobs');
    expect(await liveData(...parts('zeo'), ...lines)).toMatchObject({
      dataFs: { path: './data/fs/x.fs' },
      blobs: { path: './data/blobs' },
    });
  });

  it('that is absolute is taken as it is', async () => {
    const lines = zeo('var = /v', 'file-storage = /f/x.fs', 'blob-storage = /b/');
    expect(await liveData(...parts('zeo'), ...lines)).toMatchObject({
      variable: { path: '/v' },
      dataFs: { path: '/f/x.fs' },
      blobs: { path: '/b' },
    });
  });

  it('zeo-var of an instance is its cache, and the data folder of a zope2zeoserver', async () => {
    const lines = [
      ...instance('zeo-var = /cache'),
      ...['[old]', 'recipe = plone.recipe.zope2zeoserver', 'zeo-var = data'],
    ];
    expect((await liveData(...parts('instance'), ...lines)).variable).toBeUndefined();
    expect((await liveData(...parts('instance', 'old'), ...lines)).variable).toEqual({
      path: './data',
      from: 'the part [old]',
    });
  });

  it('begins at the directory of the buildout, whatever folder the scripts are in', async () => {
    const cfg = [...parts('instance'), 'directory = /site', 'bin-directory = /elsewhere/bin'];
    expect(await liveData(...cfg, ...instance('var = v', 'blob-storage = b'))).toMatchObject({
      directory: '/elsewhere',
      variable: { path: '/site/v' },
      blobs: { path: '/site/b' },
    });
  });
});

describe('ZEO client', () => {
  it('has no Data.fs, and a cache for blobs unless it shares the directory', async () => {
    for (const shared of [[], ['shared-blob = off'], ['shared-blob = no']]) {
      const lines = instance(
        'zeo-client = on',
        'file-storage = x.fs',
        'blob-storage = b',
        ...shared,
      );
      const found = await liveData(...parts('instance'), ...lines);
      expect([found.dataFs, found.blobs]).toEqual([undefined, undefined]);
      expect(found.blobCaches).toMatchObject([
        { path: './b', reason: expect.stringContaining('[instance]') },
      ]);
    }
    const lines = instance('zeo-client = True', 'shared-blob = on', 'blob-storage = b');
    const found = await liveData(...parts('instance'), ...lines);
    expect([found.blobs, found.blobCaches]).toEqual([
      { path: './b', from: 'the part [instance]' },
      [],
    ]);
  });

  it('leaves the server’s blob directory to the server', async () => {
    const lines = [
      ...instance('zeo-client = on', 'blob-storage = var/b'),
      ...zeo('blob-storage = s'),
    ];
    expect((await liveData(...parts('instance', 'zeo'), ...lines)).blobs).toEqual({
      path: './var/s',
      from: 'the part [zeo]',
    });
  });

  it('whose cache is where blobs are by default is refused', async () => {
    const backup = ['[backup]', 'recipe = collective.recipe.backup'];
    const lines = instance('zeo-client = on', 'blob-storage = var/blobstorage');
    const cfg = [...parts('instance', 'backup'), ...lines, ...backup].join('\n');
    await expect(partOf(scratch, cfg)).rejects.toThrow(
      /No blob_storage found\. .*\n.*buildout\.cfg:6: ".*\/var\/blobstorage" is only a cache: \[instance\] is a ZEO client without "shared-blob = on"$/s,
    );
    const explicit = await partOf(scratch, `${cfg}\nblob_storage = var/blobstorage`);
    expect(explicit.part.site.contents).toBe('both');
  });
});

describe('storage that is no file here', () => {
  it.each([
    ['rel-storage = type postgresql', 'relstorage-not-backed-up'],
    ['demo-storage = on', 'demo-storage-not-backed-up'],
    ['before-storage = 2026-01-01T00:00:00', 'earlier-state-shown'],
  ])('%s is warned of', async (line, code) => {
    const advice = [{ kind: 'advice', code, part: 'instance' }];
    expect((await liveData(...parts('instance'), ...instance(line))).elsewhere).toEqual(advice);
    const backup = ['[backup]', 'recipe = collective.recipe.backup'];
    const cfg = [...parts('instance', 'backup'), ...instance(line), ...backup].join('\n');
    expect((await partOf(scratch, cfg)).part.warnings).toEqual(advice);
  });

  it('in a conf of one’s own is warned of, unless it is listed', async () => {
    const conf = [
      'zope-conf-additional =',
      '    <zodb_db catalog>',
      '        mount-point /catalog',
      '        <filestorage catalog>',
      '            path var/filestorage/catalog.fs',
      '        </filestorage>',
      '    </zodb_db>',
      '    <zodb_db temporary>',
      '        <temporarystorage>',
      '        </temporarystorage>',
      '    </zodb_db>',
    ];
    const cfg = (...lines: readonly string[]) => {
      const backup = ['[backup]', 'recipe = collective.recipe.backup', 'backup_blobs = false'];
      return [...parts('instance', 'backup'), ...instance(...conf), ...backup, ...lines].join('\n');
    };
    const { part, folder } = await partOf(scratch, cfg());
    expect(part.warnings).toEqual([
      {
        kind: 'advice',
        code: 'unlisted-storage',
        storage: 'catalog',
        from: 'zope-conf-additional of [instance]',
        dataFs: `${folder}/var/filestorage/catalog.fs`,
      },
    ]);
    const listed = await partOf(scratch, cfg('additional_filestorages = catalog'));
    expect(listed.part.warnings).toEqual([]);
  });

  it('that is off is not warned of', async () => {
    const lines = instance('demo-storage = off', 'rel-storage =', 'before-storage =');
    expect((await liveData(...parts('instance'), ...lines)).elsewhere).toEqual([]);
  });
});

describe('collective.recipe.filestorage', () => {
  const mounts = [
    ...['[filestorage]', 'recipe = collective.recipe.filestorage', 'parts = news', '    shop'],
    'blob-storage = var/blobs-%(fs_part_name)s',
    ...['[filestorage_shop]', 'location = /shop/%(fs_part_name)s.fs', 'blob-storage ='],
  ];

  it('adds its storages, each with its own options above those of the part', async () => {
    const { mounted } = await liveData(...parts('filestorage'), ...mounts);
    expect(mounted).toEqual([
      {
        name: 'news',
        from: 'the part [filestorage]',
        dataFs: './var/filestorage/news/news.fs',
        blobs: './var/blobs-news',
      },
      { name: 'shop', from: 'the part [filestorage]', dataFs: '/shop/shop.fs' },
    ]);
  });

  it('comes behind the lines of the part, which stand above it', async () => {
    const backup = [
      ...['[backup]', 'recipe = collective.recipe.backup', 'blob_storage = var/blobstorage'],
      ...['additional_filestorages =', '    catalog', '    news /own.fs'],
    ];
    const cfg = [...parts('filestorage', 'backup'), ...mounts, ...backup].join('\n');
    const { folder, part } = await partOf(scratch, cfg);
    expect(
      part.site.storages.map(({ name, dataFs }) => [name, dataFs.replace(folder, '.')]),
    ).toEqual([
      ['catalog', './var/filestorage/catalog.fs'],
      ['news', '/own.fs'],
      ['shop', '/shop/shop.fs'],
      ['Data', './var/filestorage/Data.fs'],
    ]);
    expect(part.site.storages[2]?.folders.backup).toEqual({
      filestorage: `${folder}/var/backups_shop`,
    });
  });

  it.each([
    ['parts = Data', 'has the name of the main storage'],
    ['parts = ../x', 'has a name that leads elsewhere'],
    ['parts = a a', 'two storages have the name "a"'],
  ])('is refused for "%s"', async (line, problem) => {
    const cfg = [
      ...parts('filestorage', 'backup'),
      ...['[filestorage]', 'recipe = collective.recipe.filestorage', line],
      ...['[backup]', 'recipe = collective.recipe.backup', 'backup_blobs = false'],
    ];
    await expect(partOf(scratch, cfg.join('\n'))).rejects.toThrow(problem);
  });
});
