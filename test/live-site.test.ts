import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { restore } from '../src/operations/restore/restore-filestorage.ts';
import { parseRestoreTarget } from '../src/repository/restore-target.ts';
import { countTransactions } from './support/database.ts';
import { documentOf } from './support/document.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite, type TestSite } from './support/site.ts';

const scratch = scratchFolder();
const SECONDS = 6;

describe('site that commits without pause while it is backed up', () => {
  it('gives backups that each restore to a valid database, a prefix of the final one', async () => {
    const site = await newSite(scratch);
    const { generations, warnings } = await liveAndBackUp(site, 'no-pack');
    expect(generations.length).toBe(1);
    expect(warnings).toEqual([]);
    const states = await restoreAll(site);
    expect(states.length).toBeGreaterThan(5);
    for (const { state } of states) expect(isPrefix(state, generations)).toBe(true);
    const transactions = states.map((one) => one.transactions);
    expect(transactions).toEqual([...transactions].sort((a, b) => a - b));
    expect(new Set(transactions).size).toBe(transactions.length);
    const deep = await site.runWell('verify', '--deep', '--all', '--json');
    const points: readonly { counts: { blobs: number } }[] = documentOf(deep).points;
    expect(points).toHaveLength(states.length);
    const blobs = points.map(({ counts }) => counts.blobs);
    expect(blobs.at(-1)).toBeGreaterThan(blobs[0] ?? 0);
    await site.runWell('test-restore');
    const kinds = site.dataFiles().map((name) => name.slice(20));
    expect(kinds).toEqual(['fsz', ...kinds.slice(1).map(() => 'deltafsz')]);
  });

  it('gives backups that each are a state which the site had, when it packs meanwhile', async () => {
    const site = await newSite(scratch);
    const { generations } = await liveAndBackUp(site, 'pack');
    expect(generations.length).toBeGreaterThan(2);
    const states = await restoreAll(site);
    for (const { state } of states) expect(isPrefix(state, generations)).toBe(true);
    expect(site.dataFiles().filter((name) => name.endsWith('.fsz')).length).toBeGreaterThan(1);
    await site.runWell('verify');
  });
});

/** Runs the writer for some seconds, and one backup after the other beside it. */
async function liveAndBackUp(site: TestSite, packing: 'pack' | 'no-pack') {
  const folder = join(site.folder, 'generations');
  mkdirSync(folder);
  const program = join(import.meta.dirname, 'programs/live-writer.ts');
  const writer = spawn(
    process.execPath,
    ['--import', 'tsx', program, site.dataFs, folder, packing],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise<number | null>((resolve) => writer.once('close', resolve));
  await new Promise((resolve) => writer.stdout.once('data', resolve));
  const warnings: string[] = [];
  const stopAt = Date.now() + SECONDS * 1000;
  // It packs so often that no Data.fs is the same when its blobs have been copied: then backups refuse.
  const contents = packing === 'pack' ? ['--no-blobs'] : [];
  for (let count = 0; Date.now() < stopAt || count < 8; count++) {
    const { stderr } = await site.runWell(
      'backup',
      count % 3 === 2 ? '--no-quick' : '--quick',
      ...contents,
    );
    warnings.push(...stderr.split('\n').filter((line) => line.startsWith('Warning')));
  }
  writer.kill('SIGTERM');
  expect(await ended).toBe(0);
  const generations = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  return { generations, warnings };
}

const HOW = {
  heldLock: 'refuse',
  earlierState: 'replace',
  old: 'discard',
  now: () => new Date(),
} as const;

async function restoreAll(site: TestSite) {
  const { repository } = site;
  const states: { readonly state: Buffer; readonly transactions: number }[] = [];
  for (const name of site.dataFiles()) {
    const out = join(site.folder, 'restored', `${name}.fs`);
    await restore(
      { repository, wanted: parseRestoreTarget(name.slice(0, 19)), target: out, ...HOW },
      quietContext(),
    );
    states.push({ state: readFileSync(out), transactions: await countTransactions(out) });
  }
  return states;
}

function isPrefix(state: Buffer, generations: readonly Buffer[]): boolean {
  return generations.some((whole) => whole.subarray(0, state.length).equals(state));
}
