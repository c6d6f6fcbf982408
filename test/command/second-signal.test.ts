/** Ctrl-C once, and twice. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMAND } from '../support/command.ts';
import { growDatabase } from '../support/database.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';
import { slowDisk } from '../support/slow-disk.ts';

const scratch = scratchFolder();
/** Signals that come sooner after one another are one. */
const LATER_MS = 300;

/** Starts the command; `stop` sends it a signal, `ended` is its status with what it said. */
function start(
  site: TestSite,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const child = spawn(process.execPath, [COMMAND, ...words], {
    cwd: site.folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return {
    stop: (signal: NodeJS.Signals) => child.kill(signal),
    said: async (text: string) => {
      while (!stderr.includes(text)) await sleep(10);
    },
    ended: once(child, 'close').then(([status]) => ({ status, stderr })),
  };
}

const until = async (path: string) => {
  while (!existsSync(path)) await sleep(10);
};

/** A zombie doesn't. */
function isRunning(pid: string): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) [ZX] /.test(readFileSync(stat, 'utf8'));
}

/** Waits for the end of a process that was killed. */
async function gone(pid: string): Promise<void> {
  while (isRunning(pid)) await sleep(10);
}

describe('a signal', () => {
  it('ends a command of the site with what it has started', async () => {
    const site = await newSite(scratch, 3);
    const [begun, toml] = ['begun', 'zodbvault.toml'].map((name) => join(site.folder, name));
    // The shell waits for a program, which knows nothing of the signal.
    const program = `sh -c 'echo $$ > ${begun}.new; mv ${begun}.new ${begun}; sleep 600; true'`;
    writeFileSync(`${toml}`, `pre_command = "${program}; true"\n`);
    const { stop, ended } = start(site, ['backup']);
    await until(`${begun}`);
    stop('SIGTERM');
    expect(await ended).toMatchObject({ status: 130 });
    await gone(readFileSync(`${begun}`, 'utf8').trim());
  });

  it.each([
    ['the shell', (child: string) => `trap '' TERM; ${child}; true`],
    ['what the shell has started', (child: string) => `sh -c 'trap : TERM; ${child}'; true`],
  ])('kills, after a while, what does not end by it: %s', async (_, ignoring) => {
    const site = await newSite(scratch, 3);
    const begun = join(site.folder, 'begun');
    const command = ignoring('echo $$ > begun.new; mv begun.new begun; while :; do sleep 1; done');
    writeFileSync(join(site.folder, 'zodbvault.toml'), `pre_command = "${command}"\n`);
    const { stop, ended } = start(site, ['backup']);
    await until(begun);
    stop('SIGTERM');
    expect(await ended).toMatchObject({ status: 130 });
    expect(isRunning(readFileSync(begun, 'utf8').trim())).toBe(false);
    expect(site.dataFiles).toThrow();
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends all at once when it is the second: %s',
    async (signal) => {
      const site = await newSite(scratch, 3);
      const begun = join(site.folder, 'begun');
      // The shell waits for one that heeds no signal, either.
      const command = `trap '' TERM; sh -c 'echo $$ > begun; sleep 600; true'; true`;
      writeFileSync(join(site.folder, 'zodbvault.toml'), `pre_command = "${command}"\n`);
      const { stop, ended } = start(site, ['backup']);
      await until(begun);
      stop('SIGTERM');
      await sleep(LATER_MS);
      stop(signal);
      const { status, stderr } = await ended;
      expect([status, stderr]).toEqual([130, expect.stringContaining('Error: Ended at once')]);
      // What it had started isn't left behind.
      await gone(readFileSync(begun, 'utf8').trim());
    },
  );

  it('is one, however often it comes at the same time', async () => {
    const site = await newSite(scratch, 30);
    const { stop, said, ended } = start(site, ['backup'], slowDisk(500));
    await said('Created');
    for (let times = 1; times <= 5; times += 1) stop('SIGTERM');
    const { status, stderr } = await ended;
    expect([status, stderr]).toEqual([130, expect.stringContaining('Stopped by SIGTERM')]);
    expect(site.dataFiles()).toEqual([]);
    await site.runWell('backup');
  });

  it('leaves what the next run settles, when a backup is ended at once', async () => {
    const site = await newSite(scratch, 30);
    const { stop, said, ended } = start(site, ['backup'], slowDisk(3000));
    await said('Created');
    stop('SIGINT');
    await sleep(LATER_MS);
    stop('SIGINT');
    expect(await ended).toMatchObject({ status: 130, stderr: expect.stringContaining('at once') });
    await site.runWell('backup');
    await site.runWell('verify');
  });

  it('never cuts the renames of a restore in two', async () => {
    const site = await newSite(scratch, 30);
    await site.runWell('backup');
    const before = readFileSync(site.dataFs);
    await growDatabase(site.dataFs, { transactions: 2 });
    const renaming = join(site.folder, 'renaming');
    const script = pathToFileURL(join(import.meta.dirname, '../support/slow-renames.mjs'));
    const env = { NODE_OPTIONS: `--import=${script}`, SLOW_RENAMES: renaming };
    const { stop, ended } = start(site, ['restore', '-n'], env);
    await until(renaming);
    stop('SIGTERM');
    await sleep(LATER_MS);
    stop('SIGTERM');
    const { status, stderr } = await ended;
    expect([status, stderr]).toEqual([130, expect.stringContaining('Ended at once')]);
    expect(readFileSync(site.dataFs).equals(before)).toBe(true);
    expect(readdirSync(join(site.folder, 'var/blobstorage'))).toContain('.layout');
    const staged = readdirSync(join(site.folder, 'var'), { recursive: true }).map(String);
    expect(staged.filter((name) => name.endsWith('.zodbvault-restored'))).toEqual([]);
  });
});
