import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMAND, runProgram } from '../support/command.ts';
import { documentOf } from '../support/document.ts';
import { LogBuilder } from '../support/log-builder.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, snapshot } from '../support/site.ts';

const scratch = scratchFolder();

describe('zodbvault test-restore', () => {
  it('restores elsewhere, verifies, says how long it takes, and leaves nothing but the memory', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const before = snapshot(join(site.dataFs, '..'));
    const room = join(site.folder, 'room');
    mkdirSync(room);
    // Folders that it had to make go with what it put there.
    const { stderr } = await site.runWell('test-restore', '--in', 'room/for/it');
    expect(stderr).toMatch(/A restore of Data as of [\d-]{19} takes [\d.]+ s; .* 0 problems/);
    expect(readdirSync(room)).toEqual([]);
    expect(snapshot(join(site.dataFs, '..'))).toEqual(before);
    const [listed] = documentOf(await site.runWell('list', '--json')).points;
    const today = new Date().toISOString().slice(0, 10);
    expect(listed.checks).toMatchObject([
      { depth: 'deep', outcome: 'good' },
      { depth: 'test-restore', outcome: 'good', time: expect.stringContaining(today) },
    ]);
    // A shallower look afterwards takes nothing away.
    await site.runWell('verify');
    expect((await site.runWell('list')).stdout).toContain(`${today} deep   ${today}\n`);
  });

  it('fails where a restore would, and says so', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell('backup', '--no-gzip');
    const path = join(site.repository, site.dataFiles()[0] ?? '');
    const bytes = readFileSync(path);
    bytes.writeUInt8((bytes[100] ?? 0) ^ 1, 100);
    writeFileSync(path, bytes);
    const { status, stderr } = await site.run(['test-restore', '--in', site.folder]);
    expect([status, stderr]).toEqual([1, expect.stringContaining('sha256')]);
    expect(stderr).toContain('Hint: A restore would fail too. Make a full backup now');
    expect(stderr).not.toContain('Restore to');
    expect(readdirSync(site.folder).filter((name) => name.includes('test-restore'))).toEqual([]);
    const inFile = join(path, 'folder');
    expect((await site.run(['test-restore', '--in', inFile])).stderr).toContain(inFile);
  });

  it('that failed counts as none, also when the blobs were made anew since', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const blobs = join(site.folder, 'var/blobstoragebackups');
    const [copy = ''] = readdirSync(blobs).filter((name) => /^blobstorage\.\d/.test(name));
    const names = readdirSync(join(blobs, copy), { recursive: true, encoding: 'utf8' });
    const blob = join(blobs, copy, names.find((name) => name.endsWith('.blob')) ?? '');
    chmodSync(blob, 0o600);
    writeFileSync(blob, readFileSync(blob).fill('!', 0, 1));
    const failed = await site.run(['test-restore', '--in', site.folder]);
    expect([failed.status, failed.stderr]).toEqual([1, expect.stringContaining('Make a full')]);
    expect(failed.stderr).not.toContain('--accept-damaged-blobs');
    const bad = await site.run(['check', '--free', 'off']);
    expect(bad.stdout).toContain('a test restore found ');
    expect(bad.stdout).toContain('test-restored 0 min ago, and found damaged');
    rmSync(join(blobs, copy), { recursive: true });
    await site.run(['backup']);
    const good = await site.run(['check', '--free', 'off']);
    expect(good.stdout).toContain('never test-restored');
    expect((await site.runWell('list')).stdout).toMatch(/–\n$/);
  });

  it('that finds something says what to do next', async () => {
    const site = await newSite(scratch, 3);
    const log = new LogBuilder();
    log.add([{ oid: 0, refersTo: [0xbad] }]);
    writeFileSync(site.dataFs, log.bytes());
    await site.runWell('backup', '--no-blobs');
    const { status, stderr } = await site.run(['test-restore', '--no-blobs']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('0000000000000bad')]);
    expect(stderr).toMatch(/^Hint: The site itself has these faults, .*: mend the database/m);
  });

  it('remembers nothing against a backup where it had no room', async () => {
    const site = await newSite(scratch, 30);
    await site.runWell('backup');
    const words = ['--fsize=100000', process.execPath, COMMAND, 'test-restore'];
    const failed = await runProgram('prlimit', words, { cwd: site.folder });
    expect([failed.status, failed.stderr]).toEqual([1, expect.stringContaining('larger than')]);
    const [listed] = documentOf(await site.runWell('list', '--json')).points;
    expect(listed.checks).toEqual([]);
  });
});

describe('what was checked', () => {
  it('is remembered for each restore point, and forgotten with it', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell('backup');
    await site.runWell('verify');
    const [first] = documentOf(await site.runWell('list', '--json')).points;
    expect(first.checks).toMatchObject([{ depth: 'verify', outcome: 'good' }]);
    await site.runWell('backup', '--full', '--keep', '1');
    await site.runWell('verify', '--deep');
    const [second] = documentOf(await site.runWell('list', '--json')).points;
    expect(second.checks).toMatchObject([{ depth: 'deep', outcome: 'good' }]);
    const remembered = readFileSync(join(site.repository, '.zodbvault.checks.json'), 'utf8');
    expect(remembered).not.toContain(first.stamp);
    const [name = ''] = site.dataFiles();
    writeFileSync(join(site.repository, name), 'no backup');
    expect((await site.run(['verify'])).status).toBe(1);
    expect((await site.runWell('list')).stdout).toMatch(/BAD [\d-]{10} +–$/m);
  });
});
