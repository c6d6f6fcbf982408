import { describe, expect, it } from 'vitest';
import { recipeCfg } from '../../../test/support/buildout-site.ts';
import { buildoutOf, partOf, problemsOf } from '../../../test/support/recipe-part.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { findRecipeParts } from './recipe-part.ts';

const scratch = scratchFolder();
const BLOBS = 'blob_storage = var/blobstorage';
const NO_BLOBS = 'backup_blobs = false';

describe('a part of the recipe', () => {
  // The options of each case begin in line 5.
  it.each([
    [
      'both spellings of the blob directory, differently',
      ['blob_storage = /a', 'blob-storage = /b'],
      'FOLDER/buildout.cfg:6: Both blob_storage and blob-storage have been set. Please pick one.',
    ],
    [
      'only_blobs without backup_blobs',
      ['only_blobs = true', NO_BLOBS],
      'FOLDER/buildout.cfg:6: Cannot have backup_blobs false and only_blobs true.',
    ],
    [
      'a zip backup without blobs',
      [NO_BLOBS, 'enable_zipbackup = on'],
      'FOLDER/buildout.cfg:6: Cannot have backup_blobs false and enable_zipbackup true. zipbackup is useless without blobs.',
    ],
    [
      'increments without stamps',
      [BLOBS, 'incremental_blobs = true', 'blob_timestamps = false'],
      'FOLDER/buildout.cfg:7: Cannot have blob_timestamps false and incremental_blobs true.',
    ],
    [
      'no blob directory',
      ['keep = 2'],
      "No blob_storage found. You must specify one. To ignore this, set 'backup_blobs = false' in the [backup] section.",
    ],
    [
      'no blob directory, with the rules of 2.3',
      ['compatible = 2.3', 'backup_blobs = true'],
      'FOLDER/buildout.cfg:6: backup_blobs is true, but no blob_storage could be found.',
    ],
    [
      'two locations that are one',
      [NO_BLOBS, 'location = var/one', 'snapshotlocation = var/two/../one/'],
      'FOLDER/buildout.cfg:6: These must be distinct locations:\nlocation = FOLDER/var/var/one\nsnapshotlocation = FOLDER/var/var/one',
    ],
    [
      'a location that is a default of another',
      [NO_BLOBS, 'location = snapshotbackups'],
      'FOLDER/buildout.cfg:6: These must be distinct locations:\nlocation = FOLDER/var/snapshotbackups\nsnapshotlocation = FOLDER/var/snapshotbackups',
    ],
    [
      'an empty location',
      [NO_BLOBS, 'location ='],
      'FOLDER/buildout.cfg:6: location is empty: that would be "FOLDER/var" itself',
    ],
    [
      'a location inside the blob directory',
      [BLOBS, 'location = blobstorage/backups'],
      'FOLDER/buildout.cfg:6: the backup folder "FOLDER/var/blobstorage/backups" is inside the blob directory "FOLDER/var/blobstorage"',
    ],
    [
      'a count that is none',
      [NO_BLOBS, 'keep = abc'],
      'FOLDER/buildout.cfg:6: keep = abc: a whole number from 0, which means all',
    ],
    [
      'a count with words behind it',
      [NO_BLOBS, 'keep_blob_days = 2 days'],
      'FOLDER/buildout.cfg:6: keep_blob_days = 2 days: a whole number from 0, which means all',
    ],
    [
      'a negative count',
      [NO_BLOBS, 'keep = -1'],
      'FOLDER/buildout.cfg:6: keep = -1: a whole number from 0, which means all',
    ],
    [
      'an empty count',
      [NO_BLOBS, 'keep ='],
      'FOLDER/buildout.cfg:6: keep = : a whole number from 0, which means all',
    ],
    [
      'a flag that is neither true nor false',
      ['backup_blobs = ture'],
      'FOLDER/buildout.cfg:5: backup_blobs = ture: write true or false',
    ],
    [
      'a flag that 2.3 took for false',
      ['compatible = 2.3', NO_BLOBS, 'full = yes'],
      'FOLDER/buildout.cfg:7: full = yes: with "compatible = 2.3" only the word true is true',
    ],
    [
      'rules that are none',
      [NO_BLOBS, 'compatible = 5'],
      'FOLDER/buildout.cfg:6: compatible = 5: it can be 2.3 or 6.0 (the default)',
    ],
    [
      'a quote that is not closed',
      [NO_BLOBS, `rsync_options = --exclude='x`],
      'FOLDER/buildout.cfg:6: rsync_options: a quote is not closed',
    ],
    [
      'a reference to nothing',
      [NO_BLOBS, `location = \${nowhere:x}`],
      'Cannot resolve FOLDER/buildout.cfg:6: the section [nowhere] does not exist',
    ],
    [
      'a storage line with four words',
      [NO_BLOBS, 'additional_filestorages = a b c d'],
      'FOLDER/buildout.cfg:6: additional_filestorages line "a b c d": a line is "name [path of the Data.fs [blob directory]]"; quote a path with blanks',
    ],
    [
      'a storage that is there twice',
      [NO_BLOBS, 'additional_filestorages =', '    a', '    a'],
      'FOLDER/buildout.cfg:6: additional_filestorages line "a": "a" appears twice',
    ],
    [
      'a storage with the name of the main one',
      [NO_BLOBS, 'additional_filestorages = 1'],
      'FOLDER/buildout.cfg:6: additional_filestorages line "1": "1" is the name of the main storage',
    ],
    [
      'a storage whose name leads out of the folder',
      [NO_BLOBS, 'additional_filestorages = ../../etc'],
      'FOLDER/buildout.cfg:6: additional_filestorages line "../../etc": the name becomes part of a path; it may have no ".." in it and no "/" at its ends',
    ],
    [
      'an additional storage that is the main one',
      [NO_BLOBS, 'additional_filestorages = a var/filestorage/Data.fs'],
      'FOLDER/buildout.cfg:6: "FOLDER/var/filestorage/Data.fs" is used by the storage "Data" and by "a"',
    ],
    [
      'an additional storage with the backups of another location',
      [NO_BLOBS, 'snapshotlocation = backups_a', 'additional_filestorages = a'],
      'FOLDER/buildout.cfg:7: the storage "a" would have backups in "FOLDER/var/backups_a", which belongs to snapshotlocation',
    ],
    [
      'two additional storages with one folder',
      [NO_BLOBS, 'snapshotlocation = backups_x', 'additional_filestorages =', '    x_y', '    y'],
      'FOLDER/buildout.cfg:7: the storage "y" would have backups in "FOLDER/var/backups_x_y", which belongs to the storage "x_y"',
    ],
  ])('is refused for %s', async (_, lines, problem) => {
    expect(await problemsOf(scratch, recipeCfg(lines))).toBe(
      `Cannot use the part [backup]: ${problem}`,
    );
  });

  it('is refused for everything that is wrong with it at once', async () => {
    const lines = ['keep = many', 'full = perhaps', 'location =', 'incremental_blobs = 1'];
    expect(await problemsOf(scratch, recipeCfg([...lines, 'blob_timestamps = 0']))).toBe(
      [
        'Cannot use the part [backup]:',
        "  No blob_storage found. You must specify one. To ignore this, set 'backup_blobs = false' in the [backup] section.",
        '  FOLDER/buildout.cfg:5: keep = many: a whole number from 0, which means all',
        '  FOLDER/buildout.cfg:6: full = perhaps: write true or false',
        '  FOLDER/buildout.cfg:7: location is empty: that would be "FOLDER/var" itself',
        '  FOLDER/buildout.cfg:9: Cannot have blob_timestamps false and incremental_blobs true.',
      ].join('\n'),
    );
  });

  it.each(['blob_storage', 'blob-storage'])(
    'is refused for a %s that leads nowhere, and for nothing that follows from it',
    async (name) => {
      const nowhere = [`${name} = \${nowhere:path}`, 'keep = many'];
      expect(await problemsOf(scratch, recipeCfg(nowhere))).toBe(
        [
          'Cannot use the part [backup]:',
          '  Cannot resolve FOLDER/buildout.cfg:5: the section [nowhere] does not exist',
          '  FOLDER/buildout.cfg:6: keep = many: a whole number from 0, which means all',
        ].join('\n'),
      );
    },
  );

  it('with empty locations is refused for each of them', async () => {
    const names = ['', 'snapshot', 'zip', 'blobbackup', 'blobsnapshot', 'blobzip'];
    const lines = names.map((name) => `${name}location =`);
    const problems = await problemsOf(scratch, recipeCfg([BLOBS, ...lines]));
    expect(problems.match(/location is empty/g)).toHaveLength(6);
  });

  it('warns of options that nobody reads, with the nearest that there is', async () => {
    const { part } = await partOf(scratch, recipeCfg([NO_BLOBS, 'keeps = 3', 'eggs = x']));
    expect(part.warnings).toEqual([
      { kind: 'advice', code: 'unknown-option', part: 'backup', option: 'keeps', nearest: 'keep' },
    ]);
    expect(part.site.keep).toBe(2);
  });

  it('warns of numbered blob backups, but not where the rules are those of 2.3', async () => {
    const lines = [BLOBS, 'blob_timestamps = false'];
    const { part } = await partOf(scratch, recipeCfg(lines));
    expect(part.warnings).toEqual([
      { kind: 'advice', code: 'numbered-blob-backups', part: 'backup' },
    ]);
    const old = await partOf(scratch, recipeCfg([...lines, 'compatible = 2.3']));
    expect(old.part.warnings).toEqual([]);
  });

  it('takes equal spellings of the blob directory, and cuts the slash at its end', async () => {
    const lines = ['blob_storage = var/b/', 'blob-storage = var/b'];
    const { folder, part } = await partOf(scratch, recipeCfg(lines));
    expect(part.site.storages[0]?.blobs).toBe(`${folder}/var/b`);
  });

  it('has the defaults of 6.0, and those of 2.3', async () => {
    const six = (await partOf(scratch, recipeCfg([BLOBS]))).part;
    expect(six.site).toMatchObject({
      rules: '6.0',
      contents: 'both',
      full: 'when-needed',
      comparison: 'quick',
      gzip: true,
      blobFormat: { kind: 'directories', naming: 'stamps' },
      blobCopier: { kind: 'rsync', rsyncOptions: [], firstCopy: 'copy' },
      keep: 2,
      keepBlobDays: 14,
      preCommand: '',
      postCommand: '',
      isDebug: false,
    });
    expect(six.foldersAtInstall).toBe('try');
    const old = (await partOf(scratch, recipeCfg(['compatible = 2.3']))).part;
    expect(old.site).toMatchObject({
      rules: '2.3',
      contents: 'filestorages',
      blobFormat: { kind: 'directories', naming: 'numbers' },
    });
    expect(old.foldersAtInstall).toBe('make');
  });

  it.each([
    [['archive_blob = true'], { kind: 'archives', naming: 'stamps', compression: 'none' }],
    [['gzip_blob = true'], { kind: 'archives', naming: 'stamps', compression: 'none' }],
    [['gzip_blob = true', 'archive_blob = false'], { kind: 'directories', naming: 'stamps' }],
    [
      ['archive_blob = true', 'compress_blob = true', 'compatible = 2.3'],
      { kind: 'archives', naming: 'numbers', compression: 'gzip' },
    ],
    [
      ['archive_blob = true', 'incremental_blobs = true', 'compatible = 2.3'],
      { kind: 'incremental-archives', compression: 'none' },
    ],
    [['incremental_blobs = true'], { kind: 'directories', naming: 'stamps' }],
    [['compress_blob = true'], { kind: 'directories', naming: 'stamps' }],
  ])('with %j has blob backups as %j', async (lines, format) => {
    const { part } = await partOf(scratch, recipeCfg([BLOBS, ...lines]));
    expect(part.site.blobFormat).toEqual(format);
  });

  it.each([
    ['true', 'both'],
    ['', 'filestorages'],
    ['0', 'filestorages'],
  ])('with "backup_blobs = %s" backs up %s', async (word, contents) => {
    const { part } = await partOf(scratch, recipeCfg([BLOBS, `backup_blobs = ${word}`]));
    expect(part.site.contents).toBe(contents);
  });

  it('with the rules of 2.3 and an empty "backup_blobs" goes by what there is', async () => {
    const lines = ['compatible = 2.3', 'backup_blobs ='];
    const without = (await partOf(scratch, recipeCfg(lines))).part;
    const withBlobs = (await partOf(scratch, recipeCfg([...lines, BLOBS]))).part;
    expect([without.site.contents, withBlobs.site.contents]).toEqual(['filestorages', 'both']);
  });

  it('is found whatever the case of its recipe, and where no part lists it', async () => {
    const cfg = [
      '[buildout]',
      'parts = other',
      '[one]',
      'recipe = Collective.Recipe.BACKUP',
      '[other]',
      'recipe = something',
      '[two]',
      '<= one',
      '[broken]',
      '<= nowhere',
      '[set]',
      '<= nowhere',
      'recipe = collective.recipe.backup',
    ];
    const { buildout } = await buildoutOf(scratch, cfg.join('\n'));
    expect(findRecipeParts(buildout)).toEqual({
      names: ['one', 'two', 'set'],
      unclear: ['broken'],
    });
  });

  it('is asked for when a listed part cannot be resolved', async () => {
    const cfg = '[buildout]\nparts = broken\n[broken]\n<= nowhere\n';
    const { buildout } = await buildoutOf(scratch, cfg);
    expect(() => findRecipeParts(buildout)).toThrow('the section [nowhere] does not exist');
  });
});
