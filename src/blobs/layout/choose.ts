import type { Stamp } from '../../repository/layout/stamp.ts';
import { dateOf, isNotLater, type RestoreTarget } from '../../repository/restore-target.ts';
import { Failure } from '../../system/failure.ts';
import type { BlobCatalogue, BlobEntry } from './catalogue.ts';

/** The blob backup to restore. */
export type BlobChoice =
  | { readonly kind: 'directory'; readonly entry: BlobEntry; readonly match: Match }
  | {
      readonly kind: 'archives';
      readonly entry: BlobEntry;
      /** Oldest first: a complete archive and what continues it, up to `entry`. */
      readonly chain: readonly BlobEntry[];
      readonly match: Match;
    };

/**
 * How well it fits: `exact`: of the same backup. `after`: made after the Data.fs backup and before
 * the next, so that it has all its blobs. `earlier`: blobs of the last transactions may lack. `later`: made with
 * a later Data.fs backup; a pack may have taken blobs away in between. Only the rule of 2.3 takes such.
 */
export type Match = 'exact' | 'after' | 'earlier' | 'later';

export interface Wanted {
  /**
   * A point in a repository, with the backup that follows it there; or what was asked for, where the site
   * backs up nothing but blobs.
   */
  readonly moment:
    | { readonly kind: 'point'; readonly stamp: Stamp; readonly next: Stamp | undefined }
    | { readonly kind: 'target'; readonly target: RestoreTarget };
  /** What is taken where both fit equally well. */
  readonly preferred: 'archives' | 'directories';
}

/** Blob backups of which none is known to be another's. */
export interface BlobsToChooseFrom extends BlobCatalogue {
  /** Whether one says that it was made of what is to be restored; of all others, the name has to tell. */
  readonly isCertain: (entry: BlobEntry) => boolean;
}

/**
 * The blob backup that belongs to a restore point; undefined where the folder has none that is not
 * later. The moment counts first, then whose it is, and the name of the blob directory last: that may have been
 * renamed. Without a point, whose it is counts first. Failure `damaged` where an archive that it needs is missing.
 */
export function chooseBlobs(
  blobs: BlobsToChooseFrom,
  { preferred, moment }: Wanted,
): BlobChoice | undefined {
  return blobChooser(blobs, preferred)(moment);
}

/** The same for many moments: the entries are put in order once. */
export function blobChooser(
  blobs: BlobsToChooseFrom,
  preferred: Wanted['preferred'],
): (moment: Wanted['moment']) => BlobChoice | undefined {
  const candidates = candidatesOf(blobs, preferred);
  const chainTo = chainFinder(blobs);
  return (moment) => {
    const found = match(candidates, moment);
    return found === undefined ? undefined : choiceOf(chainTo, found);
  };
}

/**
 * The rule of collective.recipe.backup 2.3: the oldest backup that is not before the date, or else
 * the newest; without a date the newest. How well that fits is said as of any other.
 */
export function chooseBlobsAs23(
  catalogue: BlobCatalogue,
  { wanted, preferred, moment }: Wanted & { readonly wanted: RestoreTarget },
): BlobChoice | undefined {
  const candidates = inOrderOfChoice(catalogue.entries, [byFamily(preferred)]);
  const date = dateOf(wanted);
  const notBefore = date === undefined ? [] : candidates.filter(({ stamp }) => stamp >= date);
  const entry = notBefore.at(-1) ?? candidates[0];
  if (entry === undefined) return undefined;
  const chainTo = chainFinder(catalogue);
  if (moment.kind === 'point') {
    return choiceOf(chainTo, { entry, match: matchOf(entry.stamp, moment) });
  }
  const isOther = date !== undefined && notBefore.length === 0;
  return choiceOf(chainTo, { entry, match: isOther ? 'earlier' : 'exact' });
}

function matchOf(
  stamp: Stamp,
  { stamp: wanted, next }: Extract<Wanted['moment'], { kind: 'point' }>,
): Match {
  if (stamp <= wanted) return stamp === wanted ? 'exact' : 'earlier';
  return next === undefined || stamp < next ? 'after' : 'later';
}

/** What is 0 for an entry comes before what is 1. */
type Rank = (entry: BlobEntry) => number;

const byFamily =
  (preferred: Wanted['preferred']): Rank =>
  ({ form }) =>
    (form === 'directory') === (preferred === 'directories') ? 0 : 1;

/** What can be restored, newest first; at one stamp, the first rank in which two differ tells. */
function inOrderOfChoice(
  entries: readonly BlobEntry[],
  ranks: readonly Rank[],
): readonly BlobEntry[] {
  return entries
    .filter(({ form }) => form !== 'state')
    .map((entry, index) => ({ entry, index, ranked: ranks.map((rank) => rank(entry)).join('') }))
    .sort((a, b) => {
      if (a.entry.stamp !== b.entry.stamp) return a.entry.stamp < b.entry.stamp ? 1 : -1;
      if (a.ranked !== b.ranked) return a.ranked < b.ranked ? -1 : 1;
      return a.index - b.index;
    })
    .map(({ entry }) => entry);
}

interface Found {
  readonly entry: BlobEntry;
  readonly match: Match;
}

/** What can be restored, in the order of choice. */
interface Candidates {
  /** The first at each stamp, whatever their names are. */
  readonly byStamp: ReadonlyMap<Stamp, BlobEntry>;
  /** Without those of other names that may be another's. */
  readonly own: readonly BlobEntry[];
  readonly isCertain: (entry: BlobEntry) => boolean;
}

function candidatesOf(
  { entries, foreign, isCertain }: BlobsToChooseFrom,
  preferred: Wanted['preferred'],
): Candidates {
  const ofOtherName = new Set(foreign);
  const ranks: readonly Rank[] = [
    (entry) => (isCertain(entry) ? 0 : 1),
    (entry) => (ofOtherName.has(entry) ? 1 : 0),
    byFamily(preferred),
  ];
  const all = inOrderOfChoice([...entries, ...foreign], ranks);
  const byStamp = new Map<Stamp, BlobEntry>();
  for (const entry of all) if (!byStamp.has(entry.stamp)) byStamp.set(entry.stamp, entry);
  const own = all.filter((entry) => !ofOtherName.has(entry) || isCertain(entry));
  return { byStamp, own, isCertain };
}

function match(
  { byStamp, own, isCertain }: Candidates,
  moment: Wanted['moment'],
): Found | undefined {
  switch (moment.kind) {
    case 'target': {
      const notLater = own.filter(({ stamp }) => isNotLater(stamp, moment.target));
      const entry = notLater.find(isCertain) ?? notLater[0];
      return entry === undefined ? undefined : { entry, match: 'exact' };
    }
    case 'point': {
      const { stamp: wanted, next } = moment;
      const exact = byStamp.get(wanted);
      if (exact !== undefined) return { entry: exact, match: 'exact' };
      const after = own.filter(
        ({ stamp }) => stamp > wanted && (next === undefined || stamp < next),
      );
      const oldest = after.at(-1)?.stamp;
      const first = after.find(({ stamp }) => stamp === oldest);
      if (first !== undefined) return { entry: first, match: 'after' };
      const earlier = own.find(({ stamp }) => stamp < wanted);
      return earlier === undefined ? undefined : { entry: earlier, match: 'earlier' };
    }
    default:
      return moment satisfies never;
  }
}

function choiceOf(chainTo: ChainFinder, { entry, match: how }: Found): BlobChoice {
  if (entry.form === 'directory') return { kind: 'directory', entry, match: how };
  return { kind: 'archives', entry, chain: chainTo(entry), match: how };
}

/** See {@link chainOf}. */
export type ChainFinder = (last: BlobEntry) => readonly BlobEntry[];

/**
 * The archives that an archive needs, oldest first. A delta that we made names the one it continues;
 * of others, the next older one is it. Failure `damaged` where one is missing, or where one isn't
 * the file that was recorded.
 */
export function chainOf(catalogue: BlobCatalogue, last: BlobEntry): readonly BlobEntry[] {
  return chainFinder(catalogue)(last);
}

/** The entries of one base, as chains are looked for among them. */
interface Archives {
  /** Newest first. */
  readonly inOrder: readonly BlobEntry[];
  readonly places: ReadonlyMap<BlobEntry, number>;
  readonly byName: ReadonlyMap<string, BlobEntry>;
  /** Of chains that begin with a complete archive. */
  readonly states: readonly BlobEntry[];
}

/** The same for many archives of a folder: they are put in order once. */
export function chainFinder({ store, entries, foreign }: BlobCatalogue): ChainFinder {
  const all = [...entries, ...foreign];
  const known = new Map<string, Archives>();
  return (last) => {
    const { base } = last;
    const archives = known.get(base) ?? archivesAmong(all.filter((one) => one.base === base));
    known.set(base, archives);
    return findChain(last, { archives, folder: store.name });
  };
}

function archivesAmong(entries: readonly BlobEntry[]): Archives {
  const inOrder = entries.filter(({ form }) => form === 'archive' || form === 'delta');
  return {
    inOrder,
    places: new Map(inOrder.map((entry, place) => [entry, place])),
    // Of two with one name, the first counts.
    byName: new Map(inOrder.toReversed().map((entry) => [entry.name, entry])),
    states: entries.filter(({ form }) => form === 'state'),
  };
}

function findChain(
  last: BlobEntry,
  { archives, folder }: { readonly archives: Archives; readonly folder: string },
): readonly BlobEntry[] {
  const { inOrder, places, byName, states } = archives;
  const chain = new Set([last]);
  const unusable = (state: string) =>
    new Failure('damaged', `Cannot use "${last.name}" in "${folder}": ${state}`, {
      hint: 'Put the right archive back, or restore to another date.',
    });
  let first = last;
  while (first.form === 'delta') {
    const named = first.record?.archive?.continues;
    const next: BlobEntry | undefined =
      named === undefined ? inOrder[(places.get(first) ?? -1) + 1] : byName.get(named);
    if (next === undefined || chain.has(next)) {
      const missing = named === undefined ? 'the complete archive before it' : `"${named}"`;
      throw unusable(`${missing}, which it continues, is missing`);
    }
    chain.add(next);
    first = next;
  }
  const newestFirst = [...chain];
  const other = newestFirst.find(
    ({ id, recordedAs }) => id.kind === 'stamp' && recordedAs === 'other',
  );
  if (other !== undefined) throw unusable(`"${other.name}" is not the archive that was recorded`);
  const lost =
    chain.size > 1
      ? states.find(({ stamp }) => stamp <= last.stamp && stamp > first.stamp)
      : undefined;
  if (lost === undefined) return newestFirst.reverse();
  throw unusable(`the complete archive of ${lost.stamp}, with which its chain begins, is missing`);
}
