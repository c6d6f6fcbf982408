import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { growDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, sameBytes, siteIn, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
let made = 0;

/** Both copy to one place, under one name. */
function share(...sites: readonly TestSite[]): void {
  const nas = join(scratch, `nas-${++made}`);
  mkdirSync(nas);
  const toml = `copies = [{ url = "${nas}", name = "nas", site = "plone", keep = 1 }]\n`;
  for (const { folder } of sites) writeFileSync(join(folder, 'zodbvault.toml'), toml);
}

async function grow(site: TestSite): Promise<void> {
  await growDatabase(site.dataFs, { transactions: 1 });
}

async function copied(site: TestSite): Promise<readonly string[]> {
  const listed = await site.runWell('list', '--from', 'nas', '--json');
  return documentOf(listed).points.map(({ stamp }: { readonly stamp: string }) => stamp);
}

describe('a place to which another site copies under the same name', () => {
  it('gets nothing of the second one, until somebody says that it takes the place of the first', async () => {
    const [one, other] = [await newSite(scratch, 3), await newSite(scratch, 4)];
    share(one, other);
    await one.runWell('backup');
    expect((await other.runWarned('backup')).stderr).toContain('is a backup of another Data.fs');
    const refused = await other.run(['copy']);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/option "site" of the copy.*zodbvault copy --begin-again nas/s),
    ]);
    await grow(one);
    await one.runWell('backup');
    expect(await copied(one)).toHaveLength(2);
    await other.runWell('copy', '--begin-again', 'nas');
    await grow(other);
    await other.runWell('backup');
    await grow(one);
    expect((await one.runWarned('backup')).stderr).toContain('is a backup of another Data.fs');
  });

  it('gets nothing more of a site of which a copy has begun to copy there', async () => {
    const site = await newSite(scratch, 3);
    share(site);
    await site.runWell('backup');
    const staging = siteIn(`${site.folder}-staging`);
    cpSync(site.folder, staging.folder, { recursive: true });
    await grow(staging);
    await staging.runWell('backup');
    await grow(site);
    const { stderr } = await site.runWarned('backup');
    expect(stderr).toContain('is a backup of another Data.fs');
  });
});

describe('a copy of a site that has deleted a restore point', () => {
  it('shows and restores those that go on from before it, and names the other one', async () => {
    const site = await newSite(scratch, 3);
    share(site);
    await site.runWell('backup');
    const stamps: string[] = [];
    for (let run = 0; run < 3; run += 1) {
      await grow(site);
      await site.runWell('backup');
      const newest = (await copied(site)).at(-1) ?? '';
      stamps.push(newest);
      if (run === 0) await site.runWell('delete', '-n', newest);
    }
    const [deleted = '', ...others] = stamps;
    expect((await copied(site)).slice(1)).toEqual(others);
    const { stderr } = await site.runWell('list', '--from', 'nas');
    expect(stderr).toContain(`the copy also has ${deleted}`);
    await site.runWell('verify', '--from', 'nas');
    const to = join(scratch, `plain-${made}`);
    mkdirSync(to);
    await site.runWell('copy', '--from', 'nas', '--to', to);
    await site.runWell('restore', '-n', '--from', 'nas', '--to', 'newest');
    expect(sameBytes(join(site.folder, 'newest/filestorage/Data.fs'), site.dataFs)).toBe(true);
    await site.runWell('restore', '-n', '--from', 'nas', '--to', 'deleted', deleted);
  });
});
