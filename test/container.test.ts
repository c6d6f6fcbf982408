import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Cron } from 'croner';
import { describe, expect, it } from 'vitest';
import { COMMAND, runProgram } from './support/command.ts';
import { makeSite } from './support/database.ts';
import { scratchFolder } from './support/scratch.ts';

/*
 * What the image says, without an engine: its files are there, and its commands do what they should with
 * its environment, /data and /backups being folders of this test.
 */

const ROOT = join(import.meta.dirname, '..');
const scratch = scratchFolder();
const dockerfile = readFileSync(join(ROOT, 'container/Dockerfile'), 'utf8').replaceAll('\\\n', '');
const data = join(scratch, 'data');
const backups = join(scratch, 'backups');
const bin = join(scratch, 'bin');
mkdirSync(bin);
symlinkSync(COMMAND, join(bin, 'zodbvault'));

/** The words of an instruction in the form of a JSON list. */
function wordsOf(instruction: string): readonly string[] {
  const list = new RegExp(`${instruction} (\\[.*\\])$`, 'm').exec(dockerfile)?.[1];
  return JSON.parse(list ?? '');
}

/** The variables of the image, with the folders of this test. */
function environment(): Record<string, string> {
  const line = /^ENV (.*)$/m.exec(dockerfile)?.[1] ?? '';
  return Object.fromEntries(
    [...line.matchAll(/(\w+)=("[^"]*"|\S+)/g)].map(([, name = '', value = '']) => [
      name,
      value
        .replaceAll('"', '')
        .replace(/^\/data/, data)
        .replace(/^\/backups/, backups),
    ]),
  );
}

/** Runs a command of the image; `zodbvault` is the built one. */
function run(words: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const [program = '', ...rest] = words;
  const PATH = `${bin}:${process.env['PATH']}`;
  let ended = 0;
  return runProgram(program, rest, {
    cwd: backups,
    env: { ...environment(), ...more, PATH },
    onStderr: (text, kill) => {
      if (ended === 0 && text.includes('Ended: ')) {
        ended += 1;
        kill('SIGTERM');
      }
    },
  });
}

describe('container', () => {
  it('is built of files that are there, and is not root', () => {
    const copied = [...dockerfile.matchAll(/^COPY ((?!--from).*)$/gm)].flatMap(([, line = '']) =>
      line.split(' ').slice(0, -1),
    );
    expect(copied.length).toBeGreaterThan(3);
    const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8');
    for (const path of copied.map((one) => one.replace('./', ''))) {
      expect([path, existsSync(join(ROOT, path)), ignored.includes(`!${path}\n`)]).toEqual([
        path,
        true,
        true,
      ]);
    }
    // What is built there is built by these.
    const scripts = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts;
    const [, builder = ''] = /(\w+)\//.exec(scripts.prepare) ?? [];
    expect(copied.map((one) => one.replace('./', ''))).toContain(builder);
    expect(dockerfile).toMatch(/^USER 500:500$/m);
  });

  it('is starting until the first backup must have been made', () => {
    const [, hours = '0'] = /--start-period=(\d+)h /.exec(dockerfile) ?? [];
    const [first, second] = new Cron(environment()['ZODBVAULT_SCHEDULE'] ?? '').nextRuns(2);
    const apart = Number(second) - Number(first);
    expect(Number(hours) * 3600_000).toBeGreaterThan(apart);
    // Weeks without a verification are a warning of check, then critical.
    expect(environment()['ZODBVAULT_VERIFY_SCHEDULE']).toMatch(/ \* \* \d$/);
  });

  it('backs up /data to /backups at its times, is healthy then, and restores', async () => {
    mkdirSync(backups, { recursive: true });
    await makeSite(join(data, 'filestorage/Data.fs'), 8);
    const entry = wordsOf('ENTRYPOINT').slice(2);
    const healthCheck = wordsOf('--start-period=\\S+ CMD');
    const starting = await run(healthCheck);
    expect([starting.status, starting.stdout]).toEqual([1, expect.stringContaining('CRITICAL')]);
    const everySecond = { ZODBVAULT_SCHEDULE: '* * * * * *' };
    const stayed = await run([...entry, 'run-schedule'], everySecond);
    expect([stayed.status, stayed.stderr]).toEqual([0, expect.stringContaining('status 0')]);
    expect(readdirSync(join(backups, 'filestorage')).some((one) => one.endsWith('.fsz'))).toBe(
      true,
    );
    expect(readdirSync(join(backups, 'blobs')).some((one) => one.startsWith('blobstorage.'))).toBe(
      true,
    );
    const healthy = await run(healthCheck);
    expect([healthy.status, healthy.stdout]).toEqual([0, expect.stringMatching(/OK|WARNING/)]);
    const restored = await run([...entry, 'restore', '--no-prompt']);
    expect(restored.status).toBe(0);
    rmSync(join(backups, 'filestorage'), { recursive: true });
    expect((await run(healthCheck)).status).toBe(1);
  });
});
