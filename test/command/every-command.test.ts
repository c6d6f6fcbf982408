/** Each command once, in one site and its copy: what must work on every version of Node. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-list.ts';
import { runProgram, zodbvault } from '../support/command.ts';
import { openSite } from '../support/opened-site.ts';
import { scratchFolder } from '../support/scratch.ts';
import { sameBytes, siteIn } from '../support/site.ts';

const scratch = scratchFolder();
const site = siteIn(join(scratch, 'sample'));
const place = join(scratch, 'place');
const inSite = (name: string) => join(site.folder, name);
const isMade = (name: string) => expect(existsSync(inSite(name))).toBe(true);
const says = async (what: string | RegExp, ...words: readonly string[]) => {
  expect((await site.runWell(...words)).stdout).toMatch(what);
};
const CFG =
  '[buildout]\nparts = backup\n[backup]\nrecipe = collective.recipe.backup\nblob_storage = var/blobstorage\n';

/** In this order: each goes on with what those before it have made. */
const WORK: Readonly<Record<string, () => Promise<unknown>>> = {
  demo: async () => {
    expect(await zodbvault(['demo', 'sample'], { cwd: scratch })).toMatchObject({ status: 0 });
  },
  init: async () => {
    await site.runWell('init');
    mkdirSync(place);
    const copies = `\n[[copies]]\nname = "away"\nsite = "sample"\nurl = ${JSON.stringify(place)}\n`;
    writeFileSync(inSite('zodbvault.toml'), copies, { flag: 'a' });
  },
  config: () => says(/Data\.fs/, 'config'),
  doctor: () => site.runWell('doctor', place),
  keygen: async () => {
    await site.runWell('keygen', '--output', 'key.txt');
    isMade('key.txt');
  },
  backup: () => site.runWell('backup', '--full'),
  list: () => says(/full/, 'list'),
  tag: () => site.runWell('tag', 'kept'),
  verify: () => site.runWell('verify', '--deep'),
  'test-restore': () => site.runWell('test-restore'),
  history: () => says(/backup/, 'history'),
  show: () => says(/transactions/, 'show', 'latest'),
  log: () => says(/add documents/, 'log', 'latest'),
  diff: () => site.runWell('diff', site.dataFiles()[0]?.slice(0, 19) ?? '', 'latest'),
  ls: () => says(/^ news /m, 'ls'),
  find: () => says(/^ \/news /m, 'find'),
  cat: () => says(/"oid"/, 'cat', '0'),
  export: async () => {
    await site.runWell('export', 'latest', '/news', '-o', 'news.zexp');
    isMade('news.zexp');
  },
  copy: () => site.runWell('copy', '--verify'),
  unlock: () => site.runWell('unlock', place),
  open: async () => {
    const opened = await openSite(site.folder);
    expect((await opened.stop()).status).toBe(0);
  },
  check: () => says(/^ZODBVAULT OK/, 'check'),
  report: async () => {
    await site.runWell('report');
    isMade('zodbvault-report.html');
  },
  schedule: () => says(/ backup -q /, 'schedule'),
  delete: () => site.runWell('delete', '-n', site.dataFiles()[1]?.slice(0, 19) ?? ''),
  prune: () => site.runWell('prune'),
  repozo: () => site.runWell('repozo', '-V', '-r', site.repository),
  adopt: () => site.runWell('adopt', site.repository),
  restore: async () => {
    const before = readFileSync(site.dataFs);
    await site.runWell('restore', '-n');
    expect(readFileSync(site.dataFs).equals(before)).toBe(true);
    await site.runWell('restore', '-n', '--from', 'away', '--to', 'beside');
    expect(sameBytes(inSite('beside/filestorage/Data.fs'), site.dataFs)).toBe(true);
  },
  explain: () => says(/damaged/, 'explain'),
  completions: () => says(/zodbvault/, 'completions', 'bash'),
  install: async () => {
    writeFileSync(inSite('buildout.cfg'), CFG);
    await site.runWell('install', '--config', 'buildout.cfg');
    isMade('bin/backup');
  },
  script: async () => {
    expect(await runProgram(inSite('bin/backup'), [])).toMatchObject({ status: 0 });
  },
};
/** It has a test of its own: it waits for the time at which a command is due. */
const ELSEWHERE = ['run-schedule'];

describe('each command does its work', () => {
  it('and none is forgotten here', () => {
    expect([...Object.keys(WORK), ...ELSEWHERE].sort()).toEqual(Object.keys(COMMANDS).sort());
  });

  it.each(Object.entries(WORK))('%s', async (_, work) => {
    await work();
  });
});
