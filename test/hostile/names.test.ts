/** Names and kinds of files that nobody honest makes, in repositories, blob folders and sites. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { oidFrom } from '../../src/filestorage/oid.ts';
import type { Microseconds } from '../../src/filestorage/tid.ts';
import { DatabaseWriter } from '../../src/filestorage/writer/database-writer.ts';
import { reference } from '../../src/filestorage/writer/object-state.ts';
import { type BuildoutSite, newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const STAMP = '2026-03-01-04-05-06';
const ODD_NAMES = [
  ...['-rf', '--delete', '--checkpoint-action=exec=sh', '$(touch pwned)', '`id`', '; id', '*'],
  ...['a\nb', '\x1b[31mred', '\x1b]0;title\x07', 'tab\t', ' ', 'x'.repeat(250)],
  ...[`${STAMP}.fsz\n`, `blobstorage.${STAMP}\x1b[2J`, `${STAMP}.fsz`],
];
/** Bytes that are no UTF-8. */
const NOT_UTF8 = Buffer.from([0x62, 0xff, 0xfe]);
const pipe = (path: string) => execFileSync('mkfifo', [path]);

/** What would steer a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
const RAW = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

let site: BuildoutSite;
const repository = () => site.path('var/backups');
const blobFolder = () => site.path('var/blobstoragebackups');

beforeAll(async () => {
  site = await newBuildoutSite(scratch, recipeCfg(['blob_storage = var/blobstorage']));
  await site.scriptWell('backup');
});

/** All of them end, without a defect, and print nothing that steers a terminal. */
async function runAll(
  commands: readonly (readonly string[])[],
): Promise<readonly { readonly status: number | null; readonly said: string }[]> {
  const results = [];
  for (const words of commands) {
    const { status, stdout, stderr } = await site.run(words);
    const said = stdout + stderr;
    expect(said).not.toMatch(RAW);
    expect(said).not.toContain('Internal error');
    results.push({ status, said });
  }
  return results;
}

const LOOKING = [['list'], ['verify', '--newest'], ['verify', '--deep', '--kind', 'backup']];

describe('a folder with backups', () => {
  it('may hold any names, pipes, sockets and links beside them', async () => {
    for (const folder of [repository(), blobFolder()]) {
      for (const name of ODD_NAMES) {
        const path = join(folder, name);
        if (name === `${STAMP}.fsz`) pipe(path);
        else writeFileSync(path, 'x');
      }
      writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), NOT_UTF8]), 'x');
      symlinkSync('/nowhere', join(folder, 'link-to-nowhere'));
      pipe(join(folder, `blobstorage.${STAMP}.tar`));
      pipe(join(folder, 'pipe'));
      const server = createServer().listen(join(folder, 'socket'));
      server.unref();
    }
    // Records that no command may wait for.
    for (const name of ['.zodbvault.checks.json', '.zodbvault.id.json', '.zodbvault.hold.json']) {
      rmSync(join(repository(), name), { force: true });
      pipe(join(repository(), name));
    }
    const [copy = ''] = readdirSync(blobFolder()).filter((name) =>
      /^blobstorage\.20.*\d$/.test(name),
    );
    rmSync(join(blobFolder(), copy, '.zodbvault.json'));
    pipe(join(blobFolder(), copy, '.zodbvault.json'));
    rmSync(join(blobFolder(), copy, '.zodbvault.sums'));
    pipe(join(blobFolder(), copy, '.zodbvault.sums'));

    // The copy has lost its record and its sums: that is found, and said.
    const results = await runAll([...LOOKING, ['restore', '--no-prompt'], ['backup', '--full']]);
    expect(results.map(({ status }) => status)).toEqual([0, 0, 1, 3, 3]);
    expect(existsSync(site.path('pwned'))).toBe(false);
    expect(readdirSync(repository())).toEqual(expect.arrayContaining(ODD_NAMES));
  });

  it('makes no command write through a link in the place of its lock, or wait for a pipe there', async () => {
    const victim = join(scratch, 'victim');
    writeFileSync(victim, 'untouched');
    const lock = join(repository(), '.zodbvault.lock');
    rmSync(lock);
    symlinkSync(victim, lock);
    const [linked] = await runAll([['backup']]);
    rmSync(lock);
    pipe(lock);
    const [piped] = await runAll([['backup']]);
    rmSync(lock);
    expect([linked?.status, piped?.status]).toEqual([1, 1]);
    expect(linked?.said).toContain('it is a link');
    expect(piped?.said).toContain('it is not a regular file');
    expect(readFileSync(victim, 'utf8')).toBe('untouched');
  });
});

it('a journal of a restore moves and removes nothing but what a restore makes', async () => {
  const victim = join(scratch, 'precious');
  mkdirSync(victim);
  const journal = site.path('var/filestorage/.Data.fs.zodbvault-restore.json');
  const written = JSON.parse(readFileSync(journal, 'utf8')) as object;
  writeFileSync(journal, JSON.stringify({ ...written, superseded: [victim] }));
  const [backup, discard] = await runAll([['backup'], ['restore', '-n', '--discard-old']]);
  expect([backup?.status, discard?.status]).toEqual([1, 1]);
  expect(backup?.said).toContain('it is no journal of a restore');
  expect(existsSync(victim)).toBe(true);
  rmSync(journal);
});

it('users, descriptions and classes steer no terminal', async () => {
  await commitAs({ user: '\x1b[31mana\x9b2J', description: '\x1b]0;x\x07' });
  const [, text, json] = await runAll([
    ['backup'],
    ['verify', '--deep', '--kind', 'backup'],
    ['verify', '--deep', '--kind', 'backup', '--json'],
  ]);
  expect(text?.said).toContain('\\x9b2J');
  expect(JSON.parse(json?.said ?? '').points[0].findings[0].user).toBe('\x1b[31mana\x9b2J');
});

/** Commits an object that refers to one that isn't there: a finding names the user. */
async function commitAs(words: { readonly user: string; readonly description: string }) {
  await using writer = await DatabaseWriter.open({
    path: site.dataFs,
    blobs: { path: site.blobs, layout: 'bushy' },
    now: () => (BigInt(Date.now()) * 1000n) as Microseconds,
    sync: 'on-close',
  });
  const data = new Map([['gone', reference('mapping', oidFrom(0x7fff))]]);
  await writer.commit({
    ...words,
    changes: [{ kind: 'state', oid: writer.newOid(), state: { kind: 'mapping', data } }],
  });
}
