import { spawn, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { tryFileLock } from '../../src/system/locks/file-lock.ts';
import { isCronRunning } from '../../src/system/processes/user-crontab.ts';

/** The bytes of this user's crontab; undefined where there is none. */
export function readOwnCrontab(): Buffer | undefined {
  const { status, stdout } = spawnSync('crontab', ['-l']);
  return status === 0 ? stdout : undefined;
}

/** Replaces it. */
export function setOwnCrontab(content: Buffer | string | undefined): void {
  const words = content === undefined ? ['-r'] : ['-'];
  const { status, stderr } = spawnSync('crontab', words, { input: content ?? '' });
  if (status !== 0 && content !== undefined) throw new Error(`crontab: ${stderr.toString()}`);
}

/**
 * The tests of a file use this user's real crontab, one file at a time; afterwards it is as it was,
 * byte by byte. The value is what was there before.
 */
export function borrowCrontab(): { readonly before: () => Buffer | undefined } {
  let before: Buffer | undefined;
  let lock: AsyncDisposable | undefined;
  beforeAll(async () => {
    lock = await waitForLock(join(tmpdir(), `zodbvault-test-crontab-${process.getuid?.()}.lock`));
    before = readOwnCrontab();
  }, 180_000);
  afterAll(async () => {
    if (lock === undefined) return;
    setOwnCrontab(before);
    await lock[Symbol.asyncDispose]();
  });
  return { before: () => before };
}

async function waitForLock(path: string): Promise<AsyncDisposable> {
  for (;;) {
    const attempt = await tryFileLock(path);
    if (attempt.kind === 'acquired') return attempt.lock;
    await sleep(500);
  }
}

/** A cron that runs crontabs: the machine's, or one that is started for as long as it is needed. */
export async function needCron(): Promise<Disposable> {
  if (await isCronRunning()) return { [Symbol.dispose]: () => {} };
  const { TZ: _, ...environment } = process.env; // It reads /etc/localtime, as ever.
  const cron = spawn('cron', ['-f'], { stdio: 'ignore', env: environment });
  return { [Symbol.dispose]: () => void cron.kill() };
}

/** The next full minute that is at least `seconds` away, as cron counts it. */
export function minuteFromNow(seconds: number): { readonly hour: number; readonly minute: number } {
  const moment = Math.ceil(Date.now() / 1000 + seconds);
  const words = ['-d', `@${Math.ceil(moment / 60) * 60}`, '+%H %M'];
  const { TZ: _, ...environment } = process.env;
  const { stdout } = spawnSync('date', words, { env: environment });
  const [hour = '', minute = ''] = stdout.toString().trim().split(' ');
  return { hour: Number(hour), minute: Number(minute) };
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
