import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GOLDEN } from '../golden/states.ts';
import { zodbvault } from '../support/command.ts';
import { growDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();

describe('zodbvault list', () => {
  it('is a table of restore points: times, kind, sizes, transactions, blobs, checks', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    await growDatabase(site.dataFs, { transactions: 2 });
    await site.runWell('backup');
    const { stdout } = await site.run(['list'], { env: { TZ: 'Asia/Tokyo' } });
    const [head, first, second] = stdout.split('\n');
    expect(head).toMatch(
      /^ *Local time +Date \(UTC\) +Backup +Size +Stored +Trans\. +Blobs +Verified +Test restore$/,
    );
    expect(first).toMatch(/full +\d+ kB +[\d.]+ kB +30 +\d+ +– +–$/);
    expect(second).toMatch(/increment +4\.\d+ kB +4\.\d+ kB +2 +\d+ +– +–$/);
    const [local = '', utc = ''] = (first ?? '').trim().split(/ {2,}/);
    const [, month, day, hour] = utc.split('-').map(Number);
    const expected = new Date(Date.UTC(2000, (month ?? 1) - 1, day, (hour ?? 0) + 9)).getUTCHours();
    expect(Number(local.slice(11, 13))).toBe(expected);
  });

  it('prints an object for each restore point with --json', async () => {
    const site = await newSite(scratch);
    const made = documentOf(await site.runWell('backup', '--json'));
    const listed = documentOf(await site.runWell('list', '--json'));
    const live = readdirSync(join(site.folder, 'var/blobstorage'), { recursive: true });
    const files = live.filter((name) => name.toString().endsWith('.blob')).length;
    expect(files).toBeGreaterThan(1);
    expect(listed.points).toMatchObject([
      { type: 'full', transactions: 30, problems: [], blobs: { files } },
    ]);
    const { name, sizeBytes } = listed.points[0].blobs;
    expect(made.backups[0].blobs).toEqual({
      state: 'made',
      name,
      files,
      newFiles: files,
      sizeBytes,
    });
    expect((await site.runWell('show')).stdout).toContain(`: ${files} blobs, `);
  });

  it('counts no blobs of a copy of which only the record is left', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    const folder = join(site.folder, 'var/blobstoragebackups');
    const [copy = ''] = readdirSync(folder).filter((name) => name.startsWith('blobstorage.'));
    rmSync(join(folder, copy, 'blobstorage'), { recursive: true });
    const { stdout } = await site.runWell('list');
    expect(stdout).toMatch(/ missing +– +–$/m);
    const [listed] = documentOf(await site.runWell('list', '--json')).points;
    expect(listed.blobs).toEqual({
      state: 'missing',
      reason: expect.stringContaining(`${copy}": it holds no copy of a blob directory`),
    });
    const alone = { env: { ZODBVAULT_ONLY_BLOBS: 'true' } };
    const blobs = await site.run(['list'], alone);
    expect(blobs.stdout).toMatch(/blobs \(directory\) +\? +missing/);
    expect([blobs.status, blobs.stderr]).toEqual([3, expect.stringContaining('holds no copy')]);
  });

  it('shows a repository that repozo made', async () => {
    const location = join(GOLDEN, 'bushy/repozo-gzip');
    const { status, stdout, stderr } = await zodbvault(['list', '--location', location]);
    expect([status, stderr]).toEqual([
      0,
      '7 restore points: 2 full backups, 5 increments; 55.6 kB stored\n',
    ]);
    expect(stdout.trim().split('\n').length).toBe(8);
  });

  it('says so when there is nothing, or no folder', async () => {
    const site = await newSite(scratch, 3);
    const { status, stderr } = await site.run(['list']);
    expect([status, stderr]).toEqual([1, expect.stringContaining(site.repository)]);
  });
});

describe('zodbvault verify', () => {
  it('finds nothing wrong with a good repository, quick or not', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    await growDatabase(site.dataFs, { transactions: 2 });
    await site.runWell('backup');
    for (const words of [[], ['--quick']]) {
      const { stderr } = await site.runWell('verify', ...words);
      expect(stderr).toContain('/var/backups: 2 backups intact, none damaged\n');
      expect(stderr).toContain('/var/blobstoragebackups: 2 blob backups intact, none damaged\n');
    }
    const folder = join(site.folder, 'var/blobstoragebackups');
    renameSync(folder, `${folder}.away`);
    mkdirSync(folder);
    for (const [command, status] of [
      ['verify', 1],
      ['check', 2],
    ] as const) {
      const without = await site.run([command]);
      expect([without.status, without.stdout + without.stderr]).toEqual([
        ...[status, expect.stringContaining(`zodbvault cannot restore its blobs from "${folder}"`)],
      ]);
    }
    rmSync(folder, { recursive: true });
    renameSync(`${folder}.away`, folder);
    expect((await site.runWell('verify', '-q')).stderr).toBe('');
  });

  it.each([
    ['a flipped bit', (bytes: Buffer) => flip(bytes, bytes.length - 100), 'thorough', 'not intact'],
    ['a cut file', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1), 'quick', 'damaged'],
    ['a longer file', (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(0)]), 'quick', 'damaged'],
    ['a lost file', () => undefined, 'quick', 'missing'],
  ] as const)('finds %s, and names the file, once', async (_, damage, depth, state) => {
    for (const gzip of ['--gzip', '--no-gzip']) {
      const site = await newSite(scratch);
      await site.runWell('backup', gzip);
      await growDatabase(site.dataFs, { transactions: 2 });
      await site.runWell('backup', gzip);
      const [, name = ''] = site.dataFiles();
      const path = join(site.repository, name);
      const damaged = damage(readFileSync(path));
      if (damaged === undefined) rmSync(path);
      else writeFileSync(path, damaged);
      const { status, stderr } = await site.run([
        'verify',
        '-q',
        ...(depth === 'quick' ? ['--quick'] : []),
      ]);
      expect([gzip, status]).toEqual([gzip, 1]);
      const [warning = ''] = stderr.split('\n');
      expect(warning.split(name).length).toBe(2);
      expect(warning.match(/not intact|damaged|missing/g)).toEqual([state]);
      // Cron mails what -q lets through.
      expect(stderr).toMatch(/\nHint: Make a full backup .* "zodbvault delete --damaged" .*\n$/);
      const repozo = await site.run(['repozo', '-V', '-r', site.repository]);
      expect(repozo.status).toBe(1);
      expect(repozo.stderr.trim().split('\n').length).toBe(1);
      expect(repozo.stderr).toContain(name);
    }
  });

  it('verifies the repositories that repozo made', async () => {
    for (const kind of ['repozo-gzip', 'repozo-plain']) {
      // A copy: verify remembers what it has seen.
      const location = join(scratch, `golden-${kind}`);
      cpSync(join(GOLDEN, 'lawn', kind), location, { recursive: true });
      const { status, stderr } = await zodbvault(['verify', '--location', location]);
      expect([status, stderr]).toEqual([0, expect.stringContaining('none damaged')]);
    }
  });
});

function flip(bytes: Buffer, place: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(bytes.readUInt8(place) ^ 4, place);
  return flipped;
}
