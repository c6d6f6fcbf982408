import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { zodbvault } from '../support/command.ts';
import {
  type CopiedTestSite,
  copiedSite,
  expectSameBlobs,
  filesBelow,
  stampOfDay,
} from '../support/copied-site.ts';
import { openSite } from '../support/opened-site.ts';
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

function pointsIn({ stdout }: { readonly stdout: string }): readonly object[] {
  return (JSON.parse(stdout) as { readonly points: readonly object[] }).points;
}

function fromPlace(...words: readonly string[]) {
  return zodbvault([...words, '--from', site.place], { cwd: elsewhere });
}

describe('a machine that has nothing but the place of a copy', () => {
  it.each([
    ['list'],
    ['show'],
    ['verify'],
    ['verify', '--deep'],
    ['test-restore'],
    ['log'],
    ['diff', stampOfDay(1), stampOfDay(2)],
    ['ls'],
    ['ls', stampOfDay(2), '/'],
    ['find', '/'],
    ['cat', '/'],
    ['diff', stampOfDay(1), stampOfDay(2), '/'],
  ])(
    'looks into it: %s',
    async (...words) => {
      const { status, stderr, stdout } = await fromPlace(...words);
      expect([status, stderr]).toEqual([0, expect.not.stringContaining('Error')]);
      expect(stdout + stderr).not.toBe('');
      expect(readdirSync(elsewhere)).toEqual([]);
    },
    60_000,
  );

  it('is told that a folder keeps no versions, and that versions are those of a copy', async () => {
    const words = ['--versions-before', '2026-03-02'];
    const { status, stderr } = await fromPlace('list', ...words);
    expect([status, stderr]).toEqual([2, expect.stringContaining('keeps no versions')]);
    const alone = await zodbvault(['list', ...words], { cwd: site.test.folder });
    expect([alone.status, alone.stderr]).toEqual([2, expect.stringContaining('--from')]);
  });

  it('gets the site back, and the one before it', async () => {
    const to = join(scratch, 'back');
    expect((await fromPlace('restore', '-n', '--to', to)).status).toBe(0);
    expect(sameBytes(join(to, 'filestorage/Data.fs'), site.test.dataFs)).toBe(true);
    expectSameBlobs(join(to, 'blobstorage'), join(site.test.folder, 'var/blobstorage'));
    const before = join(scratch, 'before');
    expect((await fromPlace('restore', '-n', '--to', before, stampOfDay(3))).status).toBe(0);
    const bytes = readFileSync(join(before, 'filestorage/Data.fs'));
    expect(bytes.equals(site.states[2] ?? Buffer.alloc(0))).toBe(true);
  }, 60_000);

  it('is asked where the site belongs, as nothing tells', async () => {
    const { status, stderr } = await fromPlace('restore', '-n');
    expect([status, stderr]).toEqual([2, expect.stringContaining('--to')]);
    const live = await fromPlace('ls', '--live');
    expect([live.status, live.stderr]).toEqual([2, expect.stringContaining('--live')]);
    const places = await fromPlace('list', '--location', 'var/backups');
    expect([places.status, places.stderr]).toEqual([2, expect.stringContaining('--location')]);
  }, 60_000);

  it('says whose copies are there where its own site has none', async () => {
    const copies = `copies = [{ url = ${JSON.stringify(site.place)}, name = "nas", site = "other" }]`;
    const folder = join(scratch, 'other-name');
    mkdirSync(folder);
    writeFileSync(join(folder, 'zodbvault.toml'), `${copies}\n`);
    const { status, stderr } = await zodbvault(['restore', '--from', 'nas'], { cwd: folder });
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/Cannot find a copy of "other" .*these sites: plone\. "site" in/s),
    ]);
  });

  it('is not given back without its blobs where nothing says where they belong', async () => {
    const machine = join(scratch, 'new-machine');
    mkdirSync(join(machine, 'var/filestorage'), { recursive: true });
    const copies = `copies = [{ url = ${JSON.stringify(site.place)}, name = "nas", site = "plone" }]`;
    writeFileSync(join(machine, 'zodbvault.toml'), `${copies}\n`);
    const words = ['restore', '-n', '--from', 'nas'];
    const { status, stderr } = await zodbvault(words, { cwd: machine });
    expect([status, stderr]).toEqual([2, expect.stringContaining('--no-blobs')]);
    expect(readdirSync(join(machine, 'var/filestorage'))).toEqual([]);
    expect((await zodbvault([...words, '--to', 'old'], { cwd: machine })).status).toBe(2);
    const alone = await zodbvault([...words, '--to', 'old.fs'], { cwd: machine });
    const said = /This is the Data\.fs alone, without the blobs in "nas:/;
    expect([alone.status, alone.stderr]).toEqual([0, expect.stringMatching(said)]);
    mkdirSync(join(machine, 'var/blobstorage'));
    expect((await zodbvault(words, { cwd: machine })).status).toBe(0);
    expectSameBlobs(join(machine, 'var/blobstorage'), join(site.test.folder, 'var/blobstorage'));
  }, 60_000);

  it('takes one object out of it', async () => {
    const file = join(scratch, 'news.zexp');
    expect((await fromPlace('export', '/news', '-o', file)).status).toBe(0);
    expect(readFileSync(file).subarray(0, 4).toString()).toBe('ZEXP');
  }, 60_000);

  it('serves it to clients', async () => {
    const opened = await openSite(elsewhere, { words: ['--from', site.place] });
    expect(opened.address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect((await opened.stop()).status).toBe(0);
  }, 60_000);

  it('is told if there is no copy, or none of the site', async () => {
    const none = await zodbvault(['list', '--from', './'], { cwd: elsewhere });
    expect([none.status, none.stderr]).toEqual([1, expect.stringContaining('Cannot find a copy')]);
    const other = await fromPlace('list', '--part', 'intranet');
    expect([other.status, other.stderr]).toEqual([1, expect.stringContaining('plone')]);
  }, 60_000);
});

describe('a site that has a copy', () => {
  const named = (...words: readonly string[]) => site.test.run([...words, '--from', 'nas']);

  it('is restored from it in its place, and back again', async () => {
    const live = readFileSync(site.test.dataFs);
    writeFileSync(site.test.dataFs, live.subarray(0, live.length / 2));
    expect((await named('restore', '-n')).status).toBe(0);
    expect(readFileSync(site.test.dataFs).equals(live)).toBe(true);
    expect((await site.test.run(['restore', '--undo', '-n'])).status).toBe(0);
    expect(readFileSync(site.test.dataFs).length).toBeLessThan(live.length);
    writeFileSync(site.test.dataFs, live);
  }, 60_000);

  it('is asked about what the copy knows of the restore point', async () => {
    const before = await named('restore');
    expect([before.status, before.stderr]).toEqual([1, expect.stringContaining('never verified')]);
    await site.test.runWell('copy', '--verify');
    const after = await named('restore');
    expect([after.status, after.stderr]).toEqual([1, expect.stringMatching(/, verified 2\d{3}-/)]);
  }, 60_000);

  it('calls it by its name or its place, and by nothing else', async () => {
    const listed = await named('list', '--json');
    const same = await site.test.run(['list', '--json', '--from', site.place]);
    expect(listed.status).toBe(0);
    expect(pointsIn(listed).length).toBe(5);
    expect(pointsIn(same)).toEqual(pointsIn(listed));
    expect((await named('verify')).stderr).toContain('Verified nas:plone/Data-backup: ');
    const other = await site.test.run(['list', '--from', 'tape']);
    expect([other.status, other.stderr]).toEqual([2, expect.stringContaining('nas')]);
  }, 60_000);

  it('and others are listed and checked by their heads', async () => {
    const sites = await named('list', '--sites');
    expect(sites.stdout).toContain('plone');
    expect((await named('check')).stdout).toMatch(/^ZODBVAULT CRITICAL - copied /);
    expect((await site.test.run(['list', '--sites'])).status).toBe(2);
    await site.test.run(['report']);
    const own = readFileSync(join(site.test.folder, 'zodbvault-report.html'), 'utf8');
    await named('report');
    expect(readFileSync(join(site.test.folder, 'zodbvault-report.html'), 'utf8')).toBe(own);
    expect(readdirSync(site.test.folder)).toContain('zodbvault-copies.html');
  }, 60_000);

  it('says which of its sites is meant by the name that the copy has for it', async () => {
    const whole = await named('list', '--json');
    const points = await named('list', '--json', '--part', 'plone');
    expect([points.status, pointsIn(points)]).toEqual([0, pointsIn(whole)]);
    const other = await named('list', '--part', 'zope');
    expect([other.status, other.stderr]).toEqual([2, expect.stringContaining('zope')]);
  }, 60_000);

  it('is verified to have each blob, whole', async () => {
    const [blob = ''] = filesBelow(site.place).filter((path) => path.includes('/blobs/'));
    const content = readFileSync(join(site.place, blob));
    rmSync(join(site.place, blob));
    const lacking = await named('verify');
    const damaged = /is damaged: it has \d+ files.*blob backups? intact, \d damaged/s;
    expect([lacking.status, lacking.stderr]).toEqual([1, expect.stringMatching(damaged)]);
    writeFileSync(join(site.place, blob), content.subarray(1));
    const cut = await named('verify');
    expect([cut.status, cut.stderr]).toEqual([1, expect.stringMatching(/is damaged: /)]);
    writeFileSync(join(site.place, blob), content);
    expect((await named('verify')).status).toBe(0);
  }, 60_000);
});
