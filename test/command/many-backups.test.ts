import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatStamp } from '../../src/repository/layout/stamp.ts';
import { commitBlob } from '../support/buildout-site.ts';
import { COMMAND, runProgram } from '../support/command.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const HOUR = 3_600_000;

/** Makes many backups of one: each with all its files, at an hour of its own. */
async function siteWithMany(
  count: number,
  { withBlobs }: { readonly withBlobs: boolean },
): Promise<TestSite> {
  const site = await newSite(scratch, 3);
  if (withBlobs) await commitBlob(site.dataFs);
  await site.runWell('backup', '--no-gzip');
  const [made = ''] = site.dataFiles();
  const stamp = made.slice(0, -'.fs'.length);
  const copies = join(site.folder, 'var/blobstoragebackups');
  const files = readdirSync(site.repository).filter((name) => name.startsWith(stamp));
  const contents = files.map((name) => [name, readFileSync(join(site.repository, name))] as const);
  const copy = join(copies, `blobstorage.${stamp}`);
  const record = withBlobs ? readFileSync(join(copy, '.zodbvault.json'), 'utf8') : '';
  for (let back = 1; back < count; back++) {
    const other = formatStamp(new Date(Date.now() - back * HOUR));
    for (const [name, content] of contents) {
      const text = /json$|dat$/.test(name) ? content.toString().replaceAll(stamp, other) : content;
      writeFileSync(join(site.repository, name.replace(stamp, other)), text);
    }
    if (!withBlobs) continue;
    const to = join(copies, `blobstorage.${other}`);
    cpSync(copy, to, { recursive: true });
    writeFileSync(join(to, '.zodbvault.json'), record.replaceAll(stamp, other));
  }
  return site;
}

describe('thousands of backups', () => {
  it('are listed, and judged', async () => {
    const count = 4000;
    const site = await siteWithMany(count, { withBlobs: false });
    const list = await site.run(['list', '--no-blobs', '--json']);
    expect([list.status, list.stderr]).toEqual([0, '']);
    expect(documentOf(list).points).toHaveLength(count);
    const words = ['--free', 'off', '--verify-age', 'off', '--no-blobs'];
    expect(await site.run(['check', ...words])).toMatchObject({ status: 0 });
  });

  it('with blobs need no more open files than a process may have', async () => {
    const site = await siteWithMany(400, { withBlobs: true });
    const list = `ulimit -n 256; exec "${process.execPath}" "${COMMAND}" list --json`;
    const ended = await runProgram('sh', ['-c', list], { cwd: site.folder });
    expect([ended.status, ended.stderr]).toEqual([0, '']);
    expect(documentOf(ended).points).toHaveLength(400);
  });
});
