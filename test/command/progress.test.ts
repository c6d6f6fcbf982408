import { mkdirSync, readdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { growDatabase } from '../support/database.ts';
import { BASIC_PROGRAMS, pathWith } from '../support/programs.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';
import { slowDisk } from '../support/slow-disk.ts';
import { onTerminal } from '../support/terminal.ts';

const scratch = scratchFolder();
const BLOB = 'var/blobstorage/0x00/large.blob';

let site: TestSite;
let first = '';

beforeAll(async () => {
  site = await newSite(scratch);
  const blob = join(site.folder, BLOB);
  mkdirSync(join(blob, '..'), { recursive: true });
  writeFileSync(blob, '');
  truncateSync(blob, 20_000_000); // It takes no space.
  await site.runWell('backup');
  [first = ''] = site.dataFiles();
  await growDatabase(site.dataFs, { transactions: 2 });
  await site.runWell('backup');
});

const date = () => first.slice(0, 19);

describe('progress where there is no terminal', () => {
  it.each([
    ['backup', () => ['--no-quick'], ['compare']],
    ['backup', () => ['--full'], ['back-up', 'confirm']],
    ['verify', () => [], ['verify']],
    ['verify', () => ['--deep'], ['verify']],
    ['test-restore', () => [], ['restore', 'verify']],
    ['restore', () => ['--to', 'elsewhere'], ['restore']],
    ['adopt', () => ['var', '--dry-run'], ['verify']],
    ['show', () => [], ['read']],
    ['log', () => ['var/filestorage/Data.fs'], ['read']],
    ['diff', () => [date()], ['read']],
  ] as const)(
    'of %s %#: a line for each file now and then, as text or JSON',
    async (verb, words, steps) => {
      const env = slowDisk(30, { lineMs: 10 });
      const json = await site.run([verb, ...words(), '--log-format', 'json'], { env });
      expect([json.status, json.stderr]).toEqual([0, expect.stringContaining('"progress"')]);
      const all = json.stderr
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      const lines = all.filter(({ level }) => level === 'progress');
      for (const step of steps) {
        const own = lines.filter((line) => line.step === step && line.file !== undefined);
        expect([step, own.length > 0]).toEqual([step, true]);
        expect(own.at(-1)).toMatchObject({
          seconds: expect.any(Number),
          message: expect.any(String),
        });
      }
      if (verb !== 'show') return;
      const text = await site.run([verb, ...words()], { env });
      expect(text.stderr).toMatch(/^Reading: .* of \d+ kB, .*\d{4}[-\d]*\.(deltafsz|fsz)$/m);
    },
  );

  it('names the blob that is copied', async () => {
    const env = slowDisk(30, { lineMs: 10 });
    const words = ['backup', '--kind', 'snapshot', '--log-format', 'json'];
    const { stderr } = await site.run(words, { env });
    const file = join(site.folder, BLOB);
    expect(stderr).toContain(`"step":"copy-blobs","file":"${file}"`);
  });
});

describe('progress of a script of the recipe', () => {
  it('is in its log, with the blobs that rsync copies', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(['blob_storage = var/blobstorage']));
    const PATH = pathWith(site.path('programs'), {
      programs: BASIC_PROGRAMS,
      scripts: { rsync: 'REAL "$@"; sleep 0.3' },
    });
    const env = { PATH, ...slowDisk(0, { lineMs: 20 }) };
    const { stderr, status } = await site.script('backup', [], { env });
    expect(stderr).toMatch(/^INFO: Copying blobs: .*\/var\/blobstorage\/.*\.blob$/m);
    expect(stderr).not.toMatch(/^\d+ .*\.blob$/m);
    expect(status).toBe(0);
  });
});

describe('on a terminal', () => {
  it.each([
    ['restore', () => ['-n'], 'Restoring'],
    ['verify', () => ['--deep'], 'Verifying'],
    ['test-restore', () => [], 'Restoring'],
    ['log', () => ['var/filestorage/Data.fs'], 'Reading'],
  ] as const)(
    '%s %#: a bar with the file in it, until Ctrl-C stops it with a sentence',
    async (verb, words, doing) => {
      const session = onTerminal([verb, ...words()], site.folder, slowDisk(300));
      await session.waitFor(`${doing} ░`);
      await session.waitFor('.fs');
      expect(session.text()).toMatch(/░ \d+% .* of \d+ kB/);
      session.type('\x03');
      expect((await session.ended).status).toBe(130);
      expect(session.text()).toContain('Stopped by Ctrl-C');
      for (const line of drawn(session.text())) expect(line.length).toBeLessThan(100);
    },
  );

  it('a copy of blobs: the same, within a large file', async () => {
    const folder = join(site.folder, 'var/blobstoragesnapshots');
    const before = readdirSync(folder);
    utimesSync(join(site.folder, BLOB), 1, 1);
    const session = onTerminal(['backup', '--kind', 'snapshot'], site.folder, slowDisk(100));
    await session.waitFor('Copying blobs');
    await session.waitFor('large.blob');
    session.type('\x03');
    expect((await session.ended).status).toBe(130);
    expect(session.text()).toContain('Stopped by Ctrl-C');
    expect(readdirSync(folder)).toEqual(before);
  });

  it('run-schedule: it waits, and Ctrl-C ends it with a sentence', async () => {
    const session = onTerminal(['run-schedule'], site.folder);
    await session.waitFor('Next: backup at');
    session.type('\x03');
    expect((await session.ended).status).toBe(130);
    expect(session.text()).toContain('Stopped by Ctrl-C');
  });
});

/** What a bar has drawn, without the escape sequences in front of it and behind it. */
function drawn(text: string): readonly string[] {
  const start = String.fromCharCode(27);
  const parts = text
    .split(`${start}[1G`)
    .map((part) => part.split(start)[0]?.replace('^C', '') ?? '');
  return parts.filter((part) => part.includes('░'));
}
