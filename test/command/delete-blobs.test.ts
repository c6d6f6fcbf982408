/** Blob backups that belong to no restore point, and that no run removes, since they don't say whose they are. */
import { existsSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type BuildoutSite,
  commitBlob,
  dataFilesIn,
  folderState,
  namesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const BLOBS = ['blob_storage = var/blobstorage', 'full = true', 'keep = 0'];
const RECORD = '.zodbvault.json';

const folderOf = (site: BuildoutSite) => site.path('var/blobstoragebackups');
const copiesIn = (site: BuildoutSite) =>
  namesIn(folderOf(site)).filter((name) => name !== 'latest');

/** Removes a Data.fs backup as the recipe's cleanup does, which knows of no blobs with stamps. */
function cleanUpAsRecipe(site: BuildoutSite, stamp: string): void {
  const repository = site.path('var/backups');
  for (const name of namesIn(repository)) {
    if (name.startsWith(stamp)) rmSync(join(repository, name));
  }
}

/** A site with an older copy of blobs, as the recipe makes it, of which the Data.fs backup is gone. */
async function siteWithRest(lines: readonly string[] = BLOBS): Promise<{
  readonly site: BuildoutSite;
  readonly rest: string;
  readonly needed: string;
}> {
  const site = await newBuildoutSite(scratch, recipeCfg(lines));
  await site.scriptWell('backup');
  await commitBlob(site.dataFs);
  await site.scriptWell('backup');
  const [rest = '', needed = ''] = copiesIn(site);
  rmSync(join(folderOf(site), rest, RECORD));
  cleanUpAsRecipe(site, dataFilesIn(site.path('var/backups'))[0]?.slice(0, 19) ?? '');
  return { site, rest, needed };
}

describe('a copy of blobs that belongs to no restore point any more', () => {
  it('takes the link "latest" with it, or gives it to the newest that is left', async () => {
    const { site, rest, needed } = await siteWithRest();
    const latest = () => namesIn(folderOf(site)).includes('latest') && readlinkSync(link);
    const link = join(folderOf(site), 'latest');
    expect(latest()).toBe(needed);
    cleanUpAsRecipe(site, dataFilesIn(site.path('var/backups'))[0]?.slice(0, 19) ?? '');
    expect((await site.run(['delete', '-n', needed])).status).toBe(0);
    expect(latest()).toBe(rest);
    expect((await site.run(['delete', '-n', rest, '--even-the-last'])).status).toBe(0);
    expect(latest()).toBe(false);
  });

  it('is kept with a line that names the command, which removes it', async () => {
    const { site, rest, needed } = await siteWithRest();
    const { stderr } = await site.scriptWell('backup');
    const command = /"zodbvault (delete [^"]+)"/.exec(stderr)?.[1] ?? '';
    expect(command).toBe(`delete ${rest}`);
    const words = command.split(' ');
    const before = folderState(folderOf(site));

    const shown = await site.run([...words, '--dry-run']);
    expect([shown.status, shown.stdout]).toEqual([
      0,
      expect.stringMatching(/^This will remove blobs as of \d{4}(-\d\d){5} \(UTC\) from /),
    ]);
    const answered = await site.run(words, { input: 'no\n' });
    expect([answered.status, answered.stderr]).toEqual([
      0,
      expect.stringContaining('Nothing was removed'),
    ]);
    expect(folderState(folderOf(site))).toEqual(before);

    const refused = await site.run(['delete', needed, '-n']);
    const stamp = needed.slice('blobstorage.'.length);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining(`the restore point ${stamp} is restored with it`),
    ]);
    expect(folderState(folderOf(site))).toEqual(before);

    const agreed = await site.run(words, { input: 'yes\n' });
    expect([agreed.status, agreed.stderr]).toEqual([0, expect.stringContaining(rest)]);
    expect(copiesIn(site)).not.toContain(rest);
    expect(copiesIn(site)).toContain(needed);
    expect((await site.scriptWell('backup')).stderr).not.toContain('zodbvault delete');
    expect((await site.run(['history'])).stdout).toMatch(/ delete .* done/);
    const verified = await site.run(['verify']);
    expect([verified.status, verified.stderr]).toEqual([0, expect.anything()]);
  });

  it('is one archive with the deltas that continue it', async () => {
    const lines = [
      ...BLOBS.slice(0, 1),
      'keep = 0',
      'archive_blob = true',
      'incremental_blobs = true',
    ];
    const site = await newBuildoutSite(scratch, recipeCfg(lines));
    await site.scriptWell('backup');
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    expect((await site.run(['backup', '--full'])).status).toBe(0);
    const chain = copiesIn(site).filter((name) => !name.endsWith('.json'));
    const repository = site.path('var/backups');
    for (const file of dataFilesIn(repository).slice(0, 2))
      cleanUpAsRecipe(site, file.slice(0, 19));
    const [first = ''] = chain;
    const all = await site.run(['delete', first, '-n']);
    expect([all.status, all.stderr]).toEqual([0, expect.stringContaining('.delta.tar')]);
    const left = copiesIn(site);
    expect(left.some((name) => /\.tar$/.test(name))).toBe(true);
    expect(left).not.toContain(first);
  });

  it('of another repository stays, and so does what has another name', async () => {
    const { site, rest, needed } = await siteWithRest();
    const record = readFileSync(join(folderOf(site), needed, RECORD), 'utf8');
    const other = { ...JSON.parse(record), repository: 'another', stamp: rest.slice(12) };
    writeFileSync(join(folderOf(site), rest, RECORD), JSON.stringify(other));
    const before = folderState(folderOf(site));
    for (const [name, error] of [
      [rest, 'it was made for another repository'],
      ['blobstorage.77', 'no blob backup has that name'],
      ['blobstorage', 'it is not the whole date of a restore point'],
    ] as const) {
      const { status, stderr } = await site.run(['delete', name, '-n']);
      expect([name, status !== 0, stderr]).toEqual([name, true, expect.stringContaining(error)]);
    }
    expect(folderState(folderOf(site))).toEqual(before);
  });

  it('stays where no other is left, unless somebody says that it may go', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([...BLOBS, 'only_blobs = true']));
    await site.scriptWell('backup');
    const [only = ''] = copiesIn(site);
    const { status, stderr } = await site.run(['delete', only, '-n']);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('no other backup of blobs is there'),
    ]);
    expect(copiesIn(site)).toEqual([only]);
    expect((await site.run(['delete', only, '-n', '--even-the-last'])).status).toBe(0);
    expect(existsSync(join(folderOf(site), only))).toBe(false);
  });
});
