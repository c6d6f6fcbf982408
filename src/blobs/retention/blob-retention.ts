import { formatStamp, momentOfStamp, parseStamp } from '../../repository/layout/stamp.ts';

/** A set of blob backup files that stand and fall together. */
export interface BlobSet {
  /** `yyyy-mm-dd-hh-mm-ss`, UTC, of the newest in it. */
  readonly stamp: string;
  readonly family: 'directories' | 'archives';
  /** `orphan`: nothing can be restored of it, so that it takes no backup's place. */
  readonly worth: 'backup' | 'orphan';
  /** Whether it belongs to the repository that decides, as far as anything tells. */
  readonly owner: 'this' | 'unclear';
  /**
   * What has become of the Data.fs backup that it belongs to, where days or a number decide: what belongs to one that
   * is there neither goes nor counts. `none`: it belongs to none, or that is gone.
   */
  readonly dataFsBackup: 'none' | 'there' | 'unclear';
}

/** What decides how long blob backups stay. */
export type BlobRule =
  /** The Data.fs backups: blobs go when the oldest full backup is younger than they are. */
  | { readonly kind: 'with-filestorage'; readonly oldestFull: string }
  /** A number of sets of one family; 0: all. */
  | { readonly kind: 'count'; readonly keep: number; readonly family: BlobSet['family'] }
  /** Days, counted back from now; of a time in which no backup was made, not all counts: see {@link agesOf}. */
  | {
      readonly kind: 'days';
      readonly days: number;
      readonly now: Date;
      readonly family: BlobSet['family'];
    };

/** Blobs go with the Data.fs backup that they belong to. */
export function withFilestorage(oldestFull: string): BlobRule {
  return { kind: 'with-filestorage', oldestFull };
}

export interface BlobVerdict<Set extends BlobSet> {
  readonly set: Set;
  readonly reason: BlobRemovalReason;
}

/** Why a rule lets blob backups go. */
export type BlobRemovalReason =
  /** That of the Data.fs to which they belong. */
  | { readonly kind: 'filestorage-backup-gone' }
  | { readonly kind: 'newer-blob-backups'; readonly keep: number }
  | { readonly kind: 'older-than'; readonly days: number };

/** What goes, oldest first, and what would go if it were clear that it is this repository's. */
export interface BlobRetention<Set extends BlobSet> {
  readonly removed: readonly BlobVerdict<Set>[];
  readonly unclear: readonly Set[];
}

/**
 * Decides which blob backups go. The newest that can be restored never does.
 *
 * @param sets - newest first
 */
export function planBlobRetention<Set extends BlobSet>(
  sets: readonly Set[],
  rule: BlobRule,
): BlobRetention<Set> {
  const newest = sets.find(({ worth }) => worth === 'backup');
  const others = sets.filter((set) => set !== newest);
  switch (rule.kind) {
    case 'with-filestorage': {
      const orphans = others.filter(({ stamp }) => stamp < rule.oldestFull);
      const ours = orphans.filter(({ owner }) => owner === 'this');
      return {
        removed: oldestFirst(ours, { kind: 'filestorage-backup-gone' }),
        unclear: orphans.filter(({ owner }) => owner !== 'this'),
      };
    }
    case 'count': {
      if (rule.keep === 0) return { removed: [], unclear: [] };
      const family = sets.filter((set) => set.family === rule.family);
      const counting = family.filter(
        ({ worth, dataFsBackup }) => worth === 'backup' && dataFsBackup === 'none',
      );
      const lastKept = counting[rule.keep - 1];
      const older = lastKept === undefined ? [] : family.slice(family.indexOf(lastKept) + 1);
      return unlessNeeded(
        older.filter((set) => set !== newest),
        { kind: 'newer-blob-backups', keep: rule.keep },
      );
    }
    case 'days': {
      const family = sets.filter((set) => set.family === rule.family);
      const backups = family.filter(({ worth }) => worth === 'backup');
      const ages = agesOf(backups, rule.now);
      const limit = formatStamp(new Date(rule.now.getTime() - rule.days * DAY_MS));
      const isOld = (set: Set) => {
        const age = ages.get(set);
        return age === undefined ? set.stamp <= limit : age >= rule.days * DAY_MS;
      };
      const stays = [newest, ...backups.slice(0, 2)];
      const old = family.filter((set) => !stays.includes(set) && isOld(set));
      return unlessNeeded(old, { kind: 'older-than', days: rule.days });
    }
    default:
      return rule satisfies never;
  }
}

/**
 * How old backups are, in milliseconds; those whose stamp is no moment have no age. A clock that was wrong leaves a gap
 * between two of them: of a time in which none was made, no more than a day counts, or twice the usual time between two
 * if that is more. So what was made before is never much older by it, however far the clock was ahead, and in however
 * many runs.
 *
 * @param sets - newest first
 */
function agesOf<Set extends BlobSet>(sets: readonly Set[], now: Date): ReadonlyMap<Set, number> {
  const known = sets.flatMap((set) => {
    const stamp = parseStamp(set.stamp);
    const moment = stamp && momentOfStamp(stamp)?.getTime();
    return moment === undefined ? [] : [{ set, moment }];
  });
  const gaps = known.map(({ moment }, index) => {
    const next = known[index - 1]?.moment ?? now.getTime();
    return Math.max(0, next - moment);
  });
  const between = gaps.slice(1).sort((one, other) => one - other);
  const usual = between[Math.floor((between.length - 1) / 2)] ?? 0;
  const most = Math.max(DAY_MS, 2 * usual);
  let age = 0;
  return new Map(
    known.map(({ set }, index) => {
      age += Math.min(gaps[index] ?? 0, most);
      return [set, age];
    }),
  );
}

const DAY_MS = 24 * 3600 * 1000;

/** What belongs to a Data.fs backup that is there stays as long as that. */
function unlessNeeded<Set extends BlobSet>(
  sets: readonly Set[],
  reason: BlobRemovalReason,
): BlobRetention<Set> {
  const removed = sets.filter(({ dataFsBackup }) => dataFsBackup === 'none');
  return {
    removed: oldestFirst(removed, reason),
    unclear: sets.filter(({ dataFsBackup }) => dataFsBackup === 'unclear'),
  };
}

function oldestFirst<Set extends BlobSet>(
  sets: readonly Set[],
  reason: BlobRemovalReason,
): readonly BlobVerdict<Set>[] {
  return [...sets].reverse().map((set) => ({ set, reason }));
}
