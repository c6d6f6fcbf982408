import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { COMMAND } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();
const EVERY_SECOND = '* * * * * *';

/** Sends SIGTERM, once, as soon as the log has a text so many times. */
function stopAfter(text: string, times: number) {
  let isSent = false;
  return (stderr: string, kill: (signal: NodeJS.Signals) => void) => {
    if (isSent || stderr.split(text).length <= times) return;
    isSent = true;
    kill('SIGTERM');
  };
}

describe('zodbvault run-schedule', () => {
  it('runs the commands at their times, one after the other, until it is told to stop', async () => {
    const site = await newSite(scratch, 3);
    const words = ['run-schedule', '--backup', EVERY_SECOND, '--verify', EVERY_SECOND];
    const onStderr = stopAfter('Ended: ', 2);
    const { status, stderr } = await site.run(words, { onStderr });
    expect(status).toBe(0);
    expect(stderr).toMatch(/^Next: backup at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d$/m);
    expect(stderr).toContain('Ended: backup with status 0');
    // Its time has passed while the backup ran.
    expect(stderr).toContain('Ended: verify with status 0');
    expect(site.dataFiles()).toHaveLength(1);
  });

  it('goes on when a command fails; the times come from the environment, too', async () => {
    const site = await newSite(scratch, 3);
    rmSync(site.dataFs);
    const env = { ZODBVAULT_SCHEDULE: '0 0 1 1 *' };
    const onStderr = stopAfter('Next: ', 1);
    const { status, stderr } = await site.run(['run-schedule', '--at-start'], { env, onStderr });
    expect(status).toBe(0);
    expect(stderr).toContain('Ended: backup with status 1');
    expect(stderr).toMatch(/^Next: backup at \d{4}-01-01 00:00:00 [+-]\d\d:\d\d$/m);
  });

  it('takes what it runs along when it is killed', async () => {
    const site = await newSite(scratch, 3);
    const waits = join(site.folder, 'waits');
    const toml = join(site.folder, 'zodbvault.toml');
    writeFileSync(toml, `pre_command = ": > '${waits}'; exec sleep 100"\n`);
    const repeat = spawn(process.execPath, [COMMAND, 'run-schedule', '--at-start'], {
      cwd: site.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    repeat.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    await vi
      .waitUntil(() => existsSync(waits), { timeout: 30_000 })
      .finally(() => {
        repeat.kill('SIGKILL');
      });
    await once(repeat, 'close'); // Of its stderr, which the backup has, too.
    expect(stderr).toContain('Stopped as the "run-schedule" that started it has ended');
  });

  it('refuses times that are none', async () => {
    const site = await newSite(scratch, 3);
    const { status, stderr } = await site.run(['run-schedule', '--backup', 'at night']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('no time of a crontab')]);
  });
});
