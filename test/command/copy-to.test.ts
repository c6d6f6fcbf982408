import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { zodbvault } from '../support/command.ts';
import { type CopiedTestSite, copiedSite, expectSameBlobs } from '../support/copied-site.ts';
import { scratchFolder } from '../support/scratch.ts';
import { sameBytes } from '../support/site.ts';

const scratch = scratchFolder();
/** A folder without anything. */
const elsewhere = join(scratch, 'elsewhere');
let site: CopiedTestSite;

beforeAll(async () => {
  mkdirSync(elsewhere);
  site = await copiedSite(scratch);
  const copies = `copies = [{ url = ${JSON.stringify(site.place)}, name = "nas", site = "plone" }]`;
  writeFileSync(join(site.test.folder, 'zodbvault.toml'), `${copies}\n`);
}, 180_000);

const run = (...words: readonly string[]) => zodbvault(words, { cwd: elsewhere });

describe('copy --to', () => {
  it('writes backups that every command reads as those of the site', async () => {
    const written = await run('copy', '--from', site.place, '--to', 'plain', '--json');
    expect([written.status, written.stderr]).toEqual([0, expect.any(String)]);
    const plain = join(elsewhere, 'plain');
    const [repository, blobs] = [join(plain, 'backups'), join(plain, 'blobstoragebackups')];
    expect(JSON.parse(written.stdout)).toMatchObject({
      written: [{ site: 'plone', storage: 'Data', kind: 'backup', repository, blobs }],
      warnings: [],
    });
    const places = ['--location', repository, '--blobbackuplocation', blobs];
    const where = [...places, '--blob-storage', 'blobstorage'];
    for (const words of [['list'], ['verify'], ['verify', '--deep'], ['ls', '/']]) {
      const { status, stderr } = await run(...words, ...where);
      expect([words, status, stderr]).toEqual([words, 0, expect.any(String)]);
    }
    const list = await run('list', ...where, '--json');
    const { points } = JSON.parse(list.stdout) as { readonly points: readonly object[] };
    expect(points.length).toBe(5);
    expect((await run('restore', '-n', ...where, '--to', 'new')).status).toBe(0);
    const to = join(elsewhere, 'new');
    expect(sameBytes(join(to, 'filestorage/Data.fs'), site.test.dataFs)).toBe(true);
    expectSameBlobs(join(to, 'blobstorage'), join(site.test.folder, 'var/blobstorage'));
  }, 120_000);

  it('knows the copies of a configured site by their names, and says what is there', async () => {
    const to = join(scratch, 'named');
    const written = await site.test.run(['copy', '--from', 'nas', '--to', to]);
    expect([written.status, written.stderr]).toEqual([0, expect.stringContaining('intact')]);
    const names = readdirSync(to).sort();
    expect(names).toEqual(['backups', 'blobstoragebackups']);
    const again = await site.test.run(['copy', '--from', 'nas', '--to', to]);
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('not empty')]);
    expect(readdirSync(to).sort()).toEqual(names);
  }, 60_000);

  it.each([
    [['--to', 'x'], '--from'],
    [['--from', 'nas'], '--to'],
    [['--from', 'nas', '--to', 'x', '--verify'], '--verify'],
    [['nas', '--from', 'nas', '--to', 'x'], 'nas'],
    [['--versions-before', '2026-03-01'], '--to'],
  ])('is wrong usage as %j', async (words, named) => {
    const { status, stderr } = await site.test.run(['copy', ...words]);
    expect([status, stderr]).toEqual([2, expect.stringContaining(named)]);
    expect(existsSync(join(site.test.folder, 'x'))).toBe(false);
  });
});
