import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
  const [program, ...rest] = words;
  expect(program).toBe('zodbvault');
  const env = { ...environment(), ...more };
  let ended = 0;
  return runProgram(process.execPath, [COMMAND, ...rest], {
    cwd: backups,
    env,
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
    expect(dockerfile).toMatch(/^USER 500:500$/m);
  });

  it('backs up /data to /backups at its times, is healthy then, and restores', async () => {
    mkdirSync(backups, { recursive: true });
    await makeSite(join(data, 'filestorage/Data.fs'), 8);
    const entry = wordsOf('ENTRYPOINT').slice(2);
    const sick = await run(wordsOf('CMD(?= \\["zodbvault)'));
    expect(sick.status).toBeGreaterThan(1);
    const everySecond = { ZODBVAULT_SCHEDULE: '* * * * * *' };
    const stayed = await run([...entry, 'run-schedule'], everySecond);
    expect([stayed.status, stayed.stderr]).toEqual([0, expect.stringContaining('status 0')]);
    expect(readdirSync(join(backups, 'filestorage')).some((one) => one.endsWith('.fsz'))).toBe(
      true,
    );
    expect(readdirSync(join(backups, 'blobs')).some((one) => one.startsWith('blobstorage.'))).toBe(
      true,
    );
    const healthy = await run(wordsOf('CMD(?= \\["zodbvault)'));
    expect([healthy.status, healthy.stdout]).toEqual([expect.any(Number), expect.any(String)]);
    expect(healthy.status).toBeLessThan(2);
    const restored = await run([...entry, 'restore', '--no-prompt']);
    expect(restored.status).toBe(0);
  });
});
