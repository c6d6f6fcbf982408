import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMAND, runProgram } from '../support/command.ts';
import { growDatabase } from '../support/database.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const FILE = '.zodbvault.checks.json';

function flipIn(path: string): void {
  const bytes = readFileSync(path);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

const fullsOf = (site: TestSite) => site.dataFiles().filter((name) => name.endsWith('.fsz'));

describe('what verifications have found', () => {
  it('is noted on a full disk, too, where it is bad: the next backup removes nothing that is needed', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell('backup', '--no-blobs');
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup', '--no-blobs', '--full');
    const [older = '', newest = ''] = fullsOf(site);
    flipIn(join(site.repository, newest));
    const words = ['verify', '--no-blobs'];
    const script = 'ulimit -f 0; exec "$0" "$@"'; // Files may have names, and no bytes.
    const program = ['-c', script, process.execPath, COMMAND, ...words];
    const full = await runProgram('/bin/sh', program, { cwd: site.folder });
    expect([full.status, full.stderr]).toEqual([
      1,
      expect.not.stringContaining('could not record'),
    ]);
    expect(existsSync(join(site.repository, FILE))).toBe(false);
    expect((await site.run(['check', '--no-blobs'])).stdout).toContain(newest.slice(0, 19));
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.run(['backup', '--no-blobs', '--full', '--keep', '2']);
    expect(fullsOf(site)).toEqual([older, newest, expect.any(String)]);
    // With room for it, the next one writes it down.
    const names = () => readdirSync(site.repository).filter((name) => name.includes('.bad.'));
    expect(names()).toHaveLength(1);
    await site.run(words);
    expect(names()).toEqual([]);
    expect((await site.runWell('list', '--no-blobs')).stdout).toMatch(/BAD/);
  });

  it('is told where it can not be noted at all, if something is bad', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell('backup', '--no-blobs');
    const fullDisk = join(site.folder, 'full-disk.mjs');
    writeFileSync(fullDisk, FULL_DISK);
    const env = { NODE_OPTIONS: `--import=${fullDisk}` };
    const good = await site.run(['verify', '--no-blobs'], { env });
    expect([good.status, good.stderr]).toEqual([
      0,
      expect.not.stringContaining('could not record'),
    ]);
    const [file = ''] = site.dataFiles();
    flipIn(join(site.repository, file));
    const bad = await site.run(['verify', '--no-blobs'], { env });
    expect(bad.status).toBe(1);
    expect(bad.stderr).toContain(`that ${file.slice(0, 19)} is bad`);
    expect(bad.stderr).toContain('zodbvault could not record that');
    expect(bad.stderr).toContain('no space left');
  });

  it('keeps everything while it can not be read, and is kept itself', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell('backup', '--no-blobs');
    await site.runWell('verify', '--no-blobs');
    const path = join(site.repository, FILE);
    writeFileSync(path, readFileSync(path, 'utf8').replace('{', '\0'));
    const broken = readFileSync(path, 'utf8');
    expect((await site.run(['list', '--no-blobs'])).stderr).toContain('zodbvault cannot read ');
    const check = await site.run(['check', '--no-blobs']);
    expect([check.status, check.stdout]).toEqual([
      1,
      expect.stringContaining('zodbvault cannot read '),
    ]);
    const backUp = async () => {
      await growDatabase(site.dataFs, { transactions: 1 });
      return await site.run(['backup', '--no-blobs', '--full', '--keep', '1']);
    };
    const first = await backUp();
    expect([first.status, first.stderr]).toEqual([
      3,
      expect.stringContaining('zodbvault cannot read '),
    ]);
    expect(fullsOf(site)).toHaveLength(2);
    await site.runWell('verify', '--no-blobs');
    const [aside = ''] = readdirSync(site.repository).filter((name) => name.includes('unreadable'));
    expect(readFileSync(join(site.repository, aside), 'utf8')).toBe(broken);
    // A look at bytes doesn't bring back what a deep one had found.
    expect((await backUp()).status).toBe(3);
    expect(fullsOf(site)).toHaveLength(3);
    await site.runWell('verify', '--deep', '--no-blobs');
    expect((await backUp()).status).toBe(0);
    expect(fullsOf(site)).toHaveLength(1);
    await site.runWell('check', '--no-blobs');
  });
});

/** Loaded into the command before anything else: nothing can be written that tells what was found. */
const FULL_DISK = `
import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const { rename } = promises;
promises.rename = async (from, to) => {
  if (!/zodbvault\\.(?:checks|bad)/.test(String(to))) return rename(from, to);
  throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', syscall: 'rename' });
};
syncBuiltinESMExports();
`;
