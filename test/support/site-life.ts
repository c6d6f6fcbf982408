import { spawn } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Random } from '../../src/demo/random.ts';
import { lineReader } from './line-reader.ts';
import { programOf } from './real-parts.ts';
import { siteIn, type TestSite } from './site.ts';

/** What a backup says of a Data.fs: whether it goes on from what was backed up before. */
export type Verdict = 'continued' | 'lost' | 'unknown';

/** A backup, and what it may say. */
export interface Judged {
  readonly happened: string;
  readonly verdict: Verdict;
  readonly truth: 'continued' | 'lost' | 'either';
  readonly said: string;
}

/** What a Data.fs came from, as tids. */
interface Past {
  /** Every transaction that led to it, packed away or not. */
  readonly tids: ReadonlySet<string>;
  /** Those that a pack took away for the sake of later ones, which were cut off then: it may lack what they did. */
  readonly doubtful: ReadonlySet<string>;
}

/** See `test/real/programs/random_database.py`. */
interface Contents {
  readonly tids: readonly string[];
  readonly packed: string;
}

const NOTHING: Past = { tids: new Set(), doubtful: new Set() };

/** A database of the real ZODB to which things happen, and the site that it is backed up from. */
export interface SiteLife {
  /** Lets something happen, and backs the site up. */
  readonly goOn: () => Promise<Judged>;
  readonly site: () => TestSite;
}

/** @param isYoung - it has nothing but a root */
export function beginLife(
  folder: string,
  { random, isYoung }: { readonly random: Random; readonly isYoung: boolean },
): SiteLife {
  let site = siteIn(join(folder, 'site-0'));
  let past = NOTHING;
  let contents: Contents = { tids: [], packed: '' };
  /** The last transactions of the backups that it is to go on from; the newest one last. */
  let held: readonly string[] = [];
  const points = new Map<string, { readonly past: Past; readonly last: string }>();
  /** All transactions that were backed up. */
  const backedUp = new Set<string>();
  /** Whether a restore took away what was backed up where the site was before: that counts as another copy's. */
  let hasLeftCopy = false;
  const aside: { readonly path: string; readonly past: Past }[] = [];
  let made = 0;

  for (const path of [dirname(site.dataFs), site.repository]) mkdirSync(path, { recursive: true });
  const tell = startDatabase(site.dataFs);
  const seed = () => random.below(2 ** 31);

  const live = async (words: Words) => {
    contents = await tell(words);
    past = { ...past, tids: new Set([...past.tids, ...contents.tids]) };
  };
  const write = () => live({ do: 'commit', seed: seed(), young: isYoung });
  const pack = () => live({ do: 'pack', seed: seed(), keepOld: random.below(2) === 0 });
  const prune = async () => {
    await live({ do: 'prune' });
    await pack();
  };
  const close = () => tell({ do: 'close' });
  /** Something else than ZODB has changed the file, or where it is. */
  const look = async (now: Past) => {
    contents = await tell({ do: 'close', path: site.dataFs });
    past = now;
  };
  const put = async (path: string, now: Past) => {
    await close();
    rmSync(`${site.dataFs}.index`, { force: true });
    copyFileSync(path, site.dataFs);
    await look(now);
  };

  const things = {
    'written to': write,
    packed: async () => {
      await write();
      await pack();
    },
    'packed, and written to': async () => {
      await pack();
      await write();
    },
    'packed twice': async () => {
      await pack();
      await write();
      await pack();
    },
    'pruned to its root': prune,
    'put back to an older state': async () => {
      const [first, ...others] = aside;
      if (first === undefined) return write();
      const { path, past: then } = random.pick([first, ...others]);
      await put(path, then);
    },
    'put back, and packed': async () => {
      await things['put back to an older state']();
      await write();
      await pack();
    },
    'cut off': async () => {
      await close();
      const { size } = statSync(site.dataFs);
      truncateSync(site.dataFs, size - random.below(Math.ceil(size / 4)));
      const before = contents;
      await look(past);
      past = cutOff(past, { before, now: contents });
      if (random.below(2) === 0) await write();
    },
    'replaced by another database': async () => {
      await close();
      for (const end of ['', '.index']) rmSync(`${site.dataFs}${end}`, { force: true });
      past = NOTHING;
      await write();
      if (random.below(2) === 0) await pack();
    },
    copied: async () => {
      await close();
      const copy = siteIn(join(folder, `site-${++made}`));
      cpSync(site.folder, copy.folder, { recursive: true, preserveTimestamps: true });
      site = copy;
      await look(past);
      await write();
    },
    moved: async () => {
      await close();
      const moved = siteIn(join(folder, `site-${++made}`));
      renameSync(site.folder, moved.folder);
      site = moved;
      await look(past);
      if (random.below(2) === 0) await write();
    },
    restored: async () => {
      const [first, ...others] = points.keys();
      if (first === undefined) return write();
      await close();
      const stamp = random.pick([first, ...others]);
      const { status, stderr } = await site.run(['restore', '-n', '--no-blobs', stamp]);
      if (status !== 0 && status !== 3) throw new Error(`restore ended with ${status}: ${stderr}`);
      const { past: then, last } = points.get(stamp) ?? { past, last: '' };
      const before = past;
      await look(then);
      // A restore explains what it took away itself; what was lost before is still lost.
      const kept = held.filter((tid) => past.tids.has(tid) || !before.tids.has(tid));
      hasLeftCopy ||= kept.length < held.length && made > 0;
      held = [...kept, last];
      if (random.below(2) === 0) await write();
    },
  } as const;
  const usual = ['written to', 'packed', 'packed, and written to', 'packed twice'] as const;
  const unusual = [
    ...(['pruned to its root', 'put back to an older state', 'put back, and packed'] as const),
    ...(['cut off', 'replaced by another database', 'copied', 'moved', 'restored'] as const),
  ] as const;

  return {
    site: () => site,
    goOn: async () => {
      const happened =
        held.length === 0 ? 'written to' : random.pick(random.below(3) < 2 ? usual : unusual);
      await things[happened]();
      const kind = random.pick([[], [], ['--full'], ['--no-quick']]);
      const before = site.dataFiles();
      const { status, stderr } = await site.run(['backup', '--no-blobs', ...kind]);
      if (status !== 0 && status !== 3) throw new Error(`backup ended with ${status}: ${stderr}`);
      const verdict = verdictOf(stderr);
      const newest = site.dataFiles().at(-1) ?? '';
      const isFull = !newest.includes('delta') && newest !== before.at(-1);
      // Only a full backup is held against others than the newest one.
      const told = truthOf(isFull ? held : held.slice(-1), past);
      // Where a site was moved, and a pack has left none of them, nothing tells whose the backups are; `keep` says so.
      const isUnknown = made > 0 && !contents.tids.some((tid) => backedUp.has(tid));
      const truth = (told === 'continued' && hasLeftCopy) || isUnknown ? 'either' : told;
      for (const tid of contents.tids) backedUp.add(tid);
      const last = contents.tids.at(-1) ?? '';
      held = verdict === 'unknown' ? [last] : [...held, last];
      points.set(newest.slice(0, 19), { past, last });
      const copy = join(folder, `aside-${aside.length}.fs`);
      copyFileSync(site.dataFs, copy);
      aside.push({ path: copy, past });
      return { happened, verdict, truth, said: stderr };
    },
  };
}

/** What is left of the past when the file ends earlier. */
function cutOff(
  { tids, doubtful }: Past,
  { before, now }: { readonly before: Contents; readonly now: Contents },
): Past {
  const last = now.tids.at(-1) ?? '';
  const left = [...tids].filter((tid) => tid <= last);
  const gone = last < before.packed ? left.filter((tid) => !now.tids.includes(tid)) : [];
  return { tids: new Set(left), doubtful: new Set([...doubtful, ...gone]) };
}

function truthOf(held: readonly string[], { tids, doubtful }: Past): Judged['truth'] {
  if (held.some((tid) => tid !== '' && !tids.has(tid))) return 'lost';
  return held.some((tid) => doubtful.has(tid)) ? 'either' : 'continued';
}

function verdictOf(said: string): Verdict {
  if (/^Warning: .*(lacks the last transactions of|is another copy of the database)/m.test(said))
    return 'lost';
  return /may lack the last transactions of|zodbvault cannot tell why/.test(said)
    ? 'unknown'
    : 'continued';
}

type Words = Readonly<Record<string, string | number | boolean>>;

function startDatabase(dataFs: string): (words: Words) => Promise<Contents> {
  const program = join(import.meta.dirname, '../real/programs/random_database.py');
  const child = spawn(programOf('zodb', 'python'), [program, dataFs], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const next = lineReader(child);
  return async (words) => {
    child.stdin.write(`${JSON.stringify(words)}\n`);
    return JSON.parse((await next()) ?? '') as Contents;
  };
}
