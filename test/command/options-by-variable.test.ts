import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tomlOptions } from '../../src/config/toml/toml-options.ts';
import { zodbvault } from '../support/command.ts';
import { makeSite } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';

/*
 * A site that no file describes: the volume of a container. Whatever a zodbvault.toml may say, the
 * environment may say of it.
 */

const scratch = scratchFolder();
const data = join(scratch, 'data');
const work = join(scratch, 'work');
mkdirSync(work);
await makeSite(join(data, 'filestorage/Data.fs'), 4);

type Variables = Readonly<Record<string, string>>;

const run = (words: readonly string[], env: Variables = {}) =>
  zodbvault(words, { cwd: work, env: { ZODBVAULT_DATA: data, ...env } });

interface Shown {
  readonly storages: readonly object[];
  readonly settings: readonly { readonly name: string; readonly value: string; from: string }[];
}

async function configWith(env: Variables): Promise<Shown> {
  const { status, sites } = documentOf(await run(['config', '--json'], env));
  expect(status).toBe(0);
  return sites[0];
}

/** Values that differ from the default, and what a site comes to by them. */
const OF_KIND: Readonly<Record<string, string>> = { count: '7', span: '30d', words: '--quiet' };
const VALUES: Readonly<Record<string, string>> = {
  datafs: join(data, 'filestorage/Other.fs'),
  additional_filestorages: 'catalog',
  alternative_restore_source: 'Data /alternative /alternative-blobs',
  blob_timestamps: 'false',
  quick: 'false',
  gzip: 'false',
  backup_blobs: 'false',
  verify_after_backup: 'deep',
  copy_compression: 'zstd',
  ping_url: 'https://health.example/secret',
};
/** Options that come to their value only together with another. */
const TOGETHER: Readonly<Record<string, Variables>> = {
  location: { ZODBVAULT_BLOBBACKUPLOCATION: '/blobs' },
  incremental_blobs: { ZODBVAULT_ARCHIVE_BLOB: 'true' },
};
const ofFiles = ['zope_conf', 'instance_yaml'];

describe('option of a site that no file describes', () => {
  it.each(tomlOptions().filter(({ name }) => !ofFiles.includes(name)))(
    '$name is what its variable says',
    async ({ name, kind }) => {
      const byKind = typeof kind === 'string' ? OF_KIND[kind] : undefined;
      const value = VALUES[name] ?? byKind ?? (kind === 'flag' ? 'true' : `/${name}`);
      const variable = `ZODBVAULT_${name.toUpperCase()}`;
      const { storages, settings } = await configWith({ ...TOGETHER[name], [variable]: value });
      const shown = settings.find((one) => one.name === name);
      expect(shown).toMatchObject({ from: `the environment variable ${variable}` });
      if (kind === 'path') expect(JSON.stringify(storages)).toContain(value);
      else if (name !== 'ping_url') expect(shown?.value).toContain(value);
    },
  );

  it.each(ofFiles)(
    '%s names the file that says where the data is, or that is not there',
    async (name) => {
      const { status, stderr } = await run(['backup'], {
        [`ZODBVAULT_${name.toUpperCase()}`]: join(scratch, 'none.conf'),
      });
      expect([status, stderr]).toEqual([1, expect.stringContaining('none.conf')]);
      const both = { ZODBVAULT_ZOPE_CONF: 'a.conf', ZODBVAULT_INSTANCE_YAML: 'b.yaml' };
      const refused = await run(['backup'], both);
      expect([refused.status, refused.stderr]).toEqual([
        2,
        expect.stringContaining('both zope_conf'),
      ]);
    },
  );

  it('is obeyed by backups, jobs and what restores', async () => {
    const env = {
      ZODBVAULT_LOCATIONPREFIX: 'kept',
      ZODBVAULT_SNAPSHOTLOCATION: 'snaps',
      ZODBVAULT_BLOBSNAPSHOTLOCATION: 'blob-snaps',
      ZODBVAULT_DEBUG: 'true',
    };
    const snapshot = await run(['backup', '--kind', 'snapshot'], env);
    expect([snapshot.status, snapshot.stderr]).toEqual([0, expect.stringContaining('Wrote ')]);
    expect(readdirSync(join(work, 'kept')).sort()).toEqual(['blob-snaps', 'snaps']);
    const without = { ...env, ZODBVAULT_BACKUP_BLOBS: 'false' };
    expect((await run(['backup', '-q'], without)).stderr).toBe('');
    expect(readdirSync(join(work, 'kept')).sort()).toEqual(['backups', 'blob-snaps', 'snaps']);
    const only = { ...env, ZODBVAULT_ONLY_BLOBS: 'true' };
    const blobs = await run(['backup', '--json'], only);
    expect(documentOf(blobs).backups).toMatchObject([{ type: 'blobs' }]);
    expect(documentOf(blobs).backups[0]).not.toHaveProperty('dataFsBytes');
    expect(existsSync(join(work, 'kept/blobstoragebackups'))).toBe(true);
    const { stdout } = await run(['schedule', '--snapshot'], env);
    expect(stdout).toContain(` ZODBVAULT_SNAPSHOTLOCATION=${join(work, 'kept/snaps')} `);
    expect(stdout).toContain(` --location ${join(work, 'kept/backups')} `);
    const restored = await run(['restore', '-n', '--kind', 'snapshot'], env);
    const undo = restored.stderr.split('\n').find((line) => line.includes(' --undo')) ?? '';
    expect(undo).toContain(' ZODBVAULT_LOCATIONPREFIX=kept ');
  });

  it.each([
    [{ BACKUP_BLOBS: 'perhaps' }, [], 'write true or false'],
    [{ BACKUP_BLOBS: 'false', ONLY_BLOBS: 'true' }, [], 'Cannot have backup_blobs false and'],
    [{ ONLY_BLOBS: 'true' }, ['--no-blobs'], 'Cannot leave out the blobs: only_blobs is set'],
    [{ BACKUP_BLOBS: 'true', LOCATION: 'own' }, [], 'Cannot tell where the backups of the blobs'],
    [{ LOCATION: 'own', SNAPSHOTLOCATION: 'own' }, [], 'These must be distinct locations'],
  ])('is refused where it cannot be obeyed: %j %j', async (options, words, why) => {
    const env = Object.entries(options).map(([name, value]) => [`ZODBVAULT_${name}`, value]);
    const { status, stderr } = await run(['backup', ...words], Object.fromEntries(env));
    expect([status, stderr]).toEqual([2, expect.stringContaining(why)]);
    expect(existsSync(join(work, 'own'))).toBe(false);
  });
});
