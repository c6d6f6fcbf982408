import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesBelow } from '../support/copied-site.ts';
import { growDatabase } from '../support/database.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();

it('a copy whose newest restore point is known to be damaged counts as failed, until a full backup', async () => {
  const site = await newSite(scratch, 3);
  const nas = join(scratch, 'nas');
  mkdirSync(nas);
  writeFileSync(
    join(site.folder, 'zodbvault.toml'),
    `copies = [{ url = "${nas}", name = "nas", site = "plone" }]\n`,
  );
  await site.runWell('backup');
  const [full = ''] = filesBelow(nas).filter((path) => path.endsWith('.fsz'));
  const bytes = readFileSync(join(nas, full));
  rmSync(join(nas, full));
  const looked = await site.run(['verify', '--from', 'nas']);
  expect([looked.status, looked.stderr]).toEqual([
    1,
    expect.stringMatching(/\nHint: On the machine of the site, "zodbvault copy --verify"/),
  ]);
  expect(await site.run(['copy', '--verify'])).toMatchObject({ status: 1 });
  const copied = await site.run(['copy']);
  expect([copied.status, copied.stderr]).toEqual([
    1,
    expect.stringMatching(/files are damaged or missing.*zodbvault backup --full/s),
  ]);
  await growDatabase(site.dataFs, { transactions: 1 });
  expect((await site.runWarned('backup')).stderr).toContain('files are damaged or missing');
  const checked = await site.run(['check', '--free', 'off']);
  expect([checked.status, checked.stdout]).toEqual([1, expect.stringContaining('the copy nas')]);
  await site.runWell('backup', '--full');
  expect(await site.run(['check', '--free', 'off'])).toMatchObject({ status: 0 });
  writeFileSync(join(nas, full), bytes);
  await site.runWell('copy', '--verify');
});
