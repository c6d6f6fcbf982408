import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { randomFrom } from '../../src/demo/random.ts';
import { SampleSite } from '../../src/demo/sample-site.ts';
import type { Microseconds } from '../../src/filestorage/tid.ts';
import { DatabaseWriter } from '../../src/filestorage/writer/database-writer.ts';

export const COMMAND = join(import.meta.dirname, '../../dist/cli/main.js');
/** The morning after the last night, UTC. A fixed day, so that a picture that is made again differs in what changed. */
export const TODAY = new Date('2026-11-27T08:12:00Z');
/** What programs need in their environment to have another clock. */
export const CLOCK = { FAKETIME_FMT: '%s', TZ: 'Europe/Berlin' } as const;

const NIGHTS = 33;
const FIRST_TRANSACTIONS = 160;
const TRANSACTIONS_A_DAY = 8;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Makes a site with the backups of some weeks: one each night. On Sundays, it is a full one, with a verification and a
 * test restore. What was written after the last night isn't backed up yet.
 */
export async function makeWeeksOfBackups(folder: string): Promise<void> {
  let clock = TODAY.getTime() - NIGHTS * DAY;
  const dataFs = join(folder, 'var/filestorage/Data.fs');
  mkdirSync(dirname(dataFs), { recursive: true });
  await using writer = await DatabaseWriter.open({
    path: dataFs,
    blobs: { path: join(folder, 'var/blobstorage'), layout: 'bushy' },
    now: () => (BigInt(clock) * 1000n) as Microseconds,
    sync: 'on-close',
  });
  const site = await SampleSite.begin(writer, randomFrom(5));
  await site.grow(FIRST_TRANSACTIONS);
  for (let ago = NIGHTS - 1; ago >= 0; ago--) {
    const night = new Date(TODAY.getTime() - ago * DAY);
    night.setUTCHours(1, 37);
    if (night.getUTCDay() !== 0) runAt(night, ['backup'], folder);
    else
      for (const words of [['backup', '--full'], ['verify'], ['test-restore']])
        runAt(night, words, folder);
    clock = night.getTime() + 5 * HOUR;
    await site.grow(TRANSACTIONS_A_DAY);
  }
}

/** Runs zodbvault to its end; an error unless all went well. */
export function runAt(moment: Date, words: readonly string[], folder: string): void {
  const [program = '', ...rest] = wordsAt(moment, [process.execPath, COMMAND, ...words]);
  const { status, stderr } = spawnSync(program, rest, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...CLOCK },
  });
  if (status !== 0) throw new Error(`zodbvault ${words.join(' ')} ended with ${status}: ${stderr}`);
}

/** The words that run a program for which it is this moment when it begins. */
export function wordsAt(moment: Date, program: readonly string[]): readonly string[] {
  return ['faketime', '--exclude-monotonic', '-f', `@${moment.getTime() / 1000}`, ...program];
}
