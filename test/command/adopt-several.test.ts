/** Backups of several storages in one folder, where no configuration says which blobs belong to which. */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildoutSiteIn, commitBlob } from '../support/buildout-site.ts';
import { zodbvault } from '../support/command.ts';
import { makeSite } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const STAMP = '2026-03-01-04-05-06';
let sites = 0;

/** A site with a storage without blobs, and two that have their own, backed up once. Gives its var folder. */
async function backedUp(): Promise<string> {
  const site = buildoutSiteIn(join(scratch, `site-${++sites}`));
  await makeSite(site.path('var/filestorage/catalog.fs'), 2);
  await commitBlob(site.path('var/filestorage/media.fs'), site.path('var/blobstorage-media'));
  for (let made = 0; made < 3; made += 1) await commitBlob(site.dataFs);
  writeFileSync(
    site.path('zodbvault.toml'),
    `datafs = "var/filestorage/Data.fs"
blob_storage = "var/blobstorage"
[[additional_filestorages]]
name = "catalog"
datafs = "var/filestorage/catalog.fs"
[[additional_filestorages]]
name = "media"
datafs = "var/filestorage/media.fs"
blob_storage = "var/blobstorage-media"
`,
  );
  expect((await site.run(['backup'])).status).toBe(0);
  return site.path('var');
}

/** Leaves of all backups what the recipe leaves where it makes them in one second. */
function asOfRecipe(folder: string): void {
  const withStamp = (text: string) => text.replace(/\d{4}(-\d\d){5}/g, STAMP);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name.startsWith('.') || name.endsWith('.json')) rmSync(path);
    else if (name.startsWith('blobstorage')) {
      for (const own of ['.zodbvault.json', '.zodbvault.sums']) rmSync(join(path, own));
      renameSync(path, join(folder, withStamp(name)));
    } else if (/^\d/.test(name)) {
      if (name.endsWith('.dat')) writeFileSync(path, withStamp(readFileSync(path, 'utf8')));
      renameSync(path, join(folder, withStamp(name)));
    }
  }
}

function rename(folder: string, names: Readonly<Record<string, string>>): void {
  for (const [from, to] of Object.entries(names)) renameSync(join(folder, from), join(folder, to));
}

const allBackups = (folder: string) =>
  readdirSync(folder).filter((name) => name.includes('backups'));

/** Which blob backups each repository has got. */
async function adopted(folder: string): Promise<Readonly<Record<string, string | undefined>>> {
  const { status, repositories } = documentOf(await zodbvault(['adopt', folder, '--json']));
  expect(status).toBe(0);
  return Object.fromEntries(
    repositories.map((one: { readonly path: string; readonly blobFolder?: string }) => [
      one.path.slice(folder.length + 1),
      one.blobFolder?.slice(folder.length + 1),
    ]),
  );
}

describe('zodbvault adopt, with several storages', () => {
  it('goes by what our own blob backups say, whatever the folders are called', async () => {
    const folder = await backedUp();
    rename(folder, {
      blobstoragebackups: 'aside',
      blobstoragebackups_media: 'blobstoragebackups',
    });
    rename(folder, { aside: 'blobstoragebackups_media' });
    expect(await adopted(folder)).toEqual({
      backups: 'blobstoragebackups_media',
      backups_catalog: undefined,
      backups_media: 'blobstoragebackups',
    });
  });

  it('goes by the names of the folders where the recipe has made them', async () => {
    const folder = await backedUp();
    for (const name of allBackups(folder)) asOfRecipe(join(folder, name));
    expect(await adopted(folder)).toEqual({
      backups: 'blobstoragebackups',
      backups_catalog: undefined,
      backups_media: 'blobstoragebackups_media',
    });
    const { points } = documentOf(await zodbvault(['list', '--json'], { cwd: join(folder, '..') }));
    for (const { judgement } of points) expect(judgement.data.verdict).toBe('good');
    for (const { judgement } of points) expect(judgement.blobs.verdict).toBe('good');
  });

  it('checks no blobs where nothing tells whose they are, and says so', async () => {
    const folder = await backedUp();
    for (const name of allBackups(folder)) asOfRecipe(join(folder, name));
    rename(folder, {
      ...{ backups: 'a', backups_catalog: 'b', backups_media: 'c' },
      ...{ blobstoragebackups: 'x', blobstoragebackups_media: 'y' },
    });
    const { status, stdout, stderr } = await zodbvault(['adopt', folder], { cwd: scratch });
    expect(status).toBe(0);
    const may = `may be in ${join(folder, 'x')} or ${join(folder, 'y')}; zodbvault did not check`;
    expect(stdout.split(may)).toHaveLength(4);
    expect(stderr).toContain('of its blob directory and the folder of its blob backups: ');
  });
});
