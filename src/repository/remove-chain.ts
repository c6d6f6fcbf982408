import type { Store } from '../stores/store.ts';
import { collect, collectSmall } from '../system/streams/pipeline.ts';
import type { Catalogue } from './layout/catalogue.ts';
import { decodeDat } from './layout/dat.ts';
import {
  completeFileName,
  datFileName,
  parseDataFileName,
  removalFileName,
  stampOfFileName,
} from './layout/file-names.ts';
import type { Stamp } from './layout/stamp.ts';

/** What stands together in a repository: a full backup, or the `.dat` that it left, and what follows. */
export interface Family {
  /** Undefined for what is older than every full backup. */
  readonly head: Stamp | undefined;
  readonly names: readonly string[];
}

/** The family to which a stamp belongs, with files of which the data file is lost. */
export function familyOf({ names }: Catalogue, stamp: Stamp): Family {
  const heads = names
    .filter((name) => name.endsWith('.dat') || parseDataFileName(name)?.kind === 'full')
    .flatMap((name) => stampOfFileName(name) ?? [])
    .sort();
  const head = heads.findLast((one) => one <= stamp);
  const next = heads.find((one) => one > stamp);
  const isOfFamily = (one: Stamp) =>
    (head === undefined || one >= head) && (next === undefined || one < next);
  return {
    head,
    names: names.filter((name) => {
      const one = stampOfFileName(name);
      return one !== undefined && isOfFamily(one) && name !== removalFileName(one);
    }),
  };
}

/**
 * The order in which files of a family may go: first the marks of what is complete, then the `.dat`, with which it ceases
 * to count, then from the newest back to the oldest, so that at no moment an increment stands there without what it builds on,
 * which repozo would hang on the chain before. Of one stamp the data file goes last: it makes the stamp known.
 */
export function inOrderOfRemoval(names: readonly string[]): readonly string[] {
  const isMark = (name: string) => {
    const stamp = stampOfFileName(name);
    return stamp !== undefined && name === completeFileName(stamp);
  };
  const key = (name: string) => {
    if (isMark(name)) return `~~${name}`;
    return name.endsWith('.dat') ? '~' : `${name.slice(0, 19)}${/fsz?$/.test(name) ? 0 : 1}${name}`;
  };
  return [...names].sort((a, b) => (key(a) < key(b) ? 1 : -1));
}

/**
 * Removes what has a stamp and what follows it in its family, in this order. A file that lists what is to
 * go comes first and goes last: from then on, none of it counts, and the next run can finish what a killed
 * one has begun. Of a `.dat` that stays, the lines go next. The caller holds the repository's lock.
 */
export async function removeListed(
  store: Store,
  {
    catalogue,
    stamp,
    names,
    onFile,
  }: {
    readonly catalogue: Catalogue;
    readonly stamp: Stamp;
    readonly names: readonly string[];
    readonly onFile: (name: string) => void;
  },
): Promise<readonly string[]> {
  const list = removalFileName(stamp);
  {
    await using file = await store.stage(list, [Buffer.from(`${names.join('\n')}\n`)]);
    await file.publish();
  }
  await shortenDat(store, { catalogue, stamp, broken: 'goes' });
  for (const name of [...names, list]) {
    onFile(name);
    await store.remove(name);
  }
  return names;
}

/** The `.dat` that stays when a stamp goes, with what follows it; undefined where none does. */
export function datInFrontOf(catalogue: Catalogue, stamp: Stamp): string | undefined {
  const { head, names } = familyOf(catalogue, stamp);
  if (head === undefined || head === stamp) return undefined;
  const dat = datFileName(head);
  return names.includes(dat) ? dat : undefined;
}

/**
 * Takes away its lines from the stamp on; the others stay as they are.
 *
 * @param broken - what becomes of lines that can't be read, where none has the stamp
 */
async function shortenDat(
  store: Store,
  {
    catalogue,
    stamp,
    broken,
  }: {
    readonly catalogue: Catalogue;
    readonly stamp: Stamp;
    readonly broken: 'goes' | 'stays';
  },
): Promise<void> {
  const name = datInFrontOf(catalogue, stamp);
  if (name === undefined) return;
  const text = (await collectSmall(store.read(name))).toString('utf8');
  const { lines } = decodeDat(text, name);
  const first = lines.findIndex(
    ({ fileName }) => (parseDataFileName(fileName)?.stamp ?? '') >= stamp,
  );
  if (first < 0 && broken === 'stays') return;
  const kept = text.split('\n').slice(0, first < 0 ? lines.length : first);
  const shorter = kept.map((line) => `${line}\n`).join('');
  if (shorter === text) return;
  await using file = await store.stage(name, [Buffer.from(shorter)]);
  await file.publish();
}

/** Finishes the removals that killed runs have begun; gives what was still there. */
export async function finishRemovals(
  store: Store,
  catalogue: Catalogue,
): Promise<readonly string[]> {
  const removed: string[] = [];
  const there = new Set(catalogue.names);
  for (const stamp of catalogue.removals) {
    const list = removalFileName(stamp);
    await shortenDat(store, { catalogue, stamp, broken: 'stays' });
    const listed = (await collect(store.read(list))).toString('utf8').split('\n');
    for (const name of listed.filter((one) => there.has(one))) {
      await store.remove(name);
      removed.push(name);
    }
    await store.remove(list);
  }
  return removed;
}
