import { parseTid, type Tid, ZERO_TID } from '../../filestorage/tid.ts';
import type { ChainLink } from '../layout/chain.ts';
import type { OpenRepository } from '../open-repository.ts';
import { type ListedPoint, type RestorePoint, resolvePoint } from '../restore-point.ts';
import {
  isNamed,
  isNotLater,
  type PointTarget,
  pointOfDate,
  type WantedMoment,
} from '../restore-target.ts';
import { firstCredible, isCredibleIn } from './credible-tids.ts';
import { findInChain, pointAt } from './find-in-chain.ts';
import { goneBackups } from './gone-backups.ts';
import { liveAt } from './live-state.ts';
import { type AskedMoment, beforeRestore, inTwoChains, packedAway } from './moment-failures.ts';
import {
  lastRestore,
  type PastRestore,
  restoresOf,
  tellsOf,
  timeOfBackup,
  timeOfPoint,
  timeOfStamp,
  timeOfTid,
} from './past-restores.ts';
import { transactionsOf } from './transactions-of.ts';
import { usable, usableOf } from './usable-moment.ts';

type AskedDate = AskedMoment<Extract<WantedMoment, { kind: 'date' }>>;

/**
 * What the log was at a date: what is known to have been live then, with what was committed after it up to the date. The
 * first backup behind the date that goes on from there has that; a later one, too, where a pack has taken it from the
 * first. A date that is the name of a restore point is that one.
 */
export async function resolveDate(
  repository: OpenRepository,
  asked: AskedDate,
): Promise<RestorePoint> {
  const { moment, aim } = asked;
  const target = pointOfDate(moment);
  const newest = await newestUpTo(repository, { target, aim });
  if (newest?.kind === 'unlisted') return newest;
  if (newest !== undefined && isNamed(newest.stamp, target)) return newest;
  const restores = await restoresOf(repository);
  const time = timeOfTid(moment.upTo);
  const base = newest && (await liveAt(time, { repository, newest, restores, aim }));
  if (base?.kind === 'unlisted') return base;
  const search: DateSearch = { repository, base, asked, restores };
  const within = base !== undefined && base === newest ? await withinBase(base, search) : undefined;
  if (within !== undefined) return within;
  let packedTid: Tid | undefined;
  let isTold = false;
  for (const later of await chainsBehind(repository, { target, time, restores })) {
    isTold = true;
    const found = await inBackupsBehind(later, { newest, ...search });
    if (found.kind === 'point') return found.point;
    if (found.kind === 'packed') packedTid ??= found.packedTid;
  }
  if (packedTid !== undefined) throw packedAway(asked, { before: base, packedTid });
  if (base !== undefined && !(await isOutdated(base, search))) return base;
  const isBeforeAll = newest === undefined && (isTold || restores.length === 0);
  if (isBeforeAll) return resolvePoint(repository, { target, aim });
  throw beforeRestore(asked);
}

/**
 * Whether a restore has come since, and a backup is gone that went on from what is known to have been live: what that had
 * of the date, nobody can tell.
 */
async function isOutdated(
  base: ListedPoint,
  { repository, asked, restores }: DateSearch,
): Promise<boolean> {
  const time = timeOfTid(asked.moment.upTo);
  if (lastRestore(restores, { after: time, upTo: Number.POSITIVE_INFINITY }) === undefined) {
    return false;
  }
  const since = timeOfPoint(base);
  return (await goneBackups(repository)).map(timeOfStamp).some((seenAt) => {
    if (seenAt > time) return tellsOf(time, { seenAt, restores });
    return seenAt > since && lastRestore(restores, { after: seenAt, upTo: time }) === undefined;
  });
}

/** The newest backup that is not later; undefined where all are. Failures: see {@link resolvePoint}. */
async function newestUpTo(
  repository: OpenRepository,
  { target, aim }: { readonly target: PointTarget; readonly aim: AskedDate['aim'] },
): Promise<RestorePoint | undefined> {
  const { chains, datWithoutFull } = await repository.catalogue();
  const stamps = [...chains.map(({ full }) => full.stamp), ...datWithoutFull];
  const isNone = stamps.length > 0 && !stamps.some((stamp) => isNotLater(stamp, target));
  return isNone ? undefined : resolvePoint(repository, { target, aim });
}

/** The backups of a chain from the first one on that is later than a date, and tells what was live then. */
interface BackupsBehind {
  /** Those of the same chain before that. */
  readonly before: readonly ChainLink[];
  /** Whether some of these are later, and tell of another state, which a restore had brought back for a while. */
  readonly hasOther: boolean;
  readonly first: ChainLink;
  readonly others: readonly ChainLink[];
}

async function chainsBehind(
  repository: OpenRepository,
  {
    target,
    time,
    restores,
  }: {
    readonly target: PointTarget;
    readonly time: number;
    readonly restores: readonly PastRestore[];
  },
): Promise<readonly BackupsBehind[]> {
  return (await repository.chains()).flatMap(({ links }) => {
    const later = links.findIndex(({ file }) => !isNotLater(file.stamp, target));
    const count = links.findIndex((link, row) => {
      return later >= 0 && row >= later && tellsOf(time, { seenAt: timeOfBackup(link), restores });
    });
    const [first, ...others] = count < 0 ? [] : links.slice(count);
    if (first === undefined) return [];
    return { before: links.slice(0, count), hasOther: count > later, first, others };
  });
}

interface DateSearch {
  readonly repository: OpenRepository;
  /** What is known to have been live then; undefined: nothing is. */
  readonly base: ListedPoint | undefined;
  readonly asked: AskedDate;
  readonly restores: readonly PastRestore[];
}

/** What backups behind a date have of it. */
type FoundBehind =
  | { readonly kind: 'point'; readonly point: ListedPoint }
  | { readonly kind: 'packed'; readonly packedTid: Tid }
  /** All that they have is later. */
  | { readonly kind: 'nothing' };

const NOTHING: FoundBehind = { kind: 'nothing' };

async function inBackupsBehind(
  later: BackupsBehind,
  { newest, ...search }: DateSearch & { readonly newest: ListedPoint | undefined },
): Promise<FoundBehind> {
  const { base = newest } = search;
  if (later.hasOther) return inWholeChain([...later.before, later.first], search);
  if (later.before.length === 0) return inFull(later.first, search);
  const isBehind = base !== undefined && base.stamp === newest?.stamp && base.cut === undefined;
  if (isBehind) return { kind: 'point', point: await inIncrements(later, { ...search, base }) };
  if (base === undefined) return NOTHING;
  const goesOn = await goesOnFrom(base, later, search);
  // What a restore had brought back from elsewhere is no part of it, as a rule.
  return goesOn
    ? inWholeChain([...later.before, later.first], search)
    : { kind: 'point', point: base };
}

/** Whether an increment goes on from a state that a restore, or the undo of one, had brought back from another chain. */
async function goesOnFrom(
  base: ListedPoint,
  { before, first }: BackupsBehind,
  { repository, asked }: Pick<DateSearch, 'repository' | 'asked'>,
): Promise<boolean> {
  const last = await lastTidOf(base, { repository, asked });
  if (parseTid(before.at(-1)?.record?.lastTid ?? '') === last) return true;
  return (await transactionsOf(repository, { link: first, moment: asked.moment.upTo })).holds(last);
}

/** Where the newest backup goes on to a later moment, as it took its time. */
async function withinBase(
  base: ListedPoint,
  { repository, asked }: Pick<DateSearch, 'repository' | 'asked'>,
): Promise<ListedPoint | undefined> {
  const { upTo } = asked.moment;
  // Nothing that can be true is later then.
  if (!isCredibleIn(base.stamp, upTo)) return undefined;
  const last = await lastTidOf(base, { repository, asked });
  if (last <= upTo || !isCredibleIn(base.stamp, last)) return undefined;
  const found = await findInChain(base.links, { repository, bounds: { from: ZERO_TID, upTo } });
  return usable(found, { asked, before: undefined, oldest: base.stamp });
}

/** What the increments behind a backup have of the time up to the moment. */
async function inIncrements(
  { before, first, others }: BackupsBehind,
  { repository, base, asked, restores }: DateSearch & { readonly base: ListedPoint },
): Promise<ListedPoint> {
  const { upTo } = asked.moment;
  const bounds = { from: firstCredible(base.stamp), upTo };
  const links = [...before];
  let found = base;
  for (const link of [first, ...others]) {
    const seenAt = timeOfBackup(link);
    if (isLaterThan(link, upTo) || !tellsOf(timeOfTid(upTo), { seenAt, restores })) break;
    const cut = (await transactionsOf(repository, { link, moment: upTo })).lastWithin(bounds);
    if (cut === undefined) break;
    links.push(link);
    found = pointAt(links, cut);
    if (found.cut !== undefined) break;
  }
  return found;
}

/** The same of a chain that went on from an earlier state, until a restore brought one back that goes on from there. */
async function inWholeChain(
  links: readonly ChainLink[],
  { repository, base, asked }: DateSearch,
): Promise<FoundBehind> {
  const bounds = { from: ZERO_TID, upTo: asked.moment.upTo };
  const found = await findInChain(links, { repository, bounds });
  const { packedTid } = found;
  const point = usableOf(found);
  if (point === undefined) return packedTid > ZERO_TID ? { kind: 'packed', packedTid } : NOTHING;
  const isNewer = base === undefined || (point.lastTid ?? ZERO_TID) > (base.lastTid ?? ZERO_TID);
  return { kind: 'point', point: isNewer ? point : base };
}

/** The same of a full backup, where its log still has it, and where that goes on from what is known. */
async function inFull(link: ChainLink, { base, ...search }: DateSearch): Promise<FoundBehind> {
  const { repository, asked } = search;
  const { upTo } = asked.moment;
  const found = await transactionsOf(repository, { link, moment: upTo });
  const { packedTid } = found;
  const last = base === undefined ? ZERO_TID : await lastTidOf(base, search);
  const from = base === undefined ? ZERO_TID : firstCredible(base.stamp);
  const cut = found.lastWithin({ from, upTo });
  if (base !== undefined && !found.holds(last) && packedTid < last) {
    const isNewer = cut !== undefined && cut.tid > last;
    return { kind: 'point', point: await inOtherLine(link, { ...search, base, isNewer }) };
  }
  const isPackedLater = packedTid > last && packedTid > upTo;
  const isPackTimeKnown = base === undefined || isCredibleIn(link.file.stamp, packedTid);
  if (isPackedLater && isPackTimeKnown) return { kind: 'packed', packedTid };
  const isLater = cut !== undefined && cut.tid > last && !isPackedLater;
  if (isLater) return { kind: 'point', point: pointAt([link], cut) };
  return base === undefined ? NOTHING : { kind: 'point', point: base };
}

/**
 * The chain behind doesn't go on from the one before: that one was live until the restore between them, and this one since.
 * Where no restore is known, and it has a transaction of its own by then, nobody can tell. Failure `refused`.
 *
 * @param isNewer - whether that is so
 */
async function inOtherLine(
  link: ChainLink,
  {
    repository,
    base,
    asked,
    restores,
    isNewer,
  }: DateSearch & { readonly base: ListedPoint; readonly isNewer: boolean },
): Promise<ListedPoint> {
  const { upTo } = asked.moment;
  const [after, until] = [timeOfPoint(base), timeOfBackup(link)];
  // Where no record tells more than the stamp: the restore may have ended within the second of the backup.
  const restored = lastRestore(restores, { after: after - 1, upTo: until + 1000 });
  const isBefore = restored === undefined ? !isNewer : timeOfTid(upTo) < restored.at;
  if (isBefore) return base;
  const found = await findInChain([link], { repository, bounds: { from: ZERO_TID, upTo } });
  const point = usable(found, { asked, before: base, oldest: link.file.stamp });
  if (restored === undefined) throw inTwoChains(asked, [base, point]);
  return point;
}

function isLaterThan({ record }: ChainLink, upTo: Tid): boolean {
  const first = parseTid(record?.firstTid ?? '');
  return first !== undefined && first > upTo;
}

/** Of the last transaction up to a restore point. */
async function lastTidOf(
  { lastTid, links }: ListedPoint,
  { repository, asked }: Pick<DateSearch, 'repository' | 'asked'>,
): Promise<Tid> {
  if (lastTid !== undefined) return lastTid;
  for (const link of links.toReversed()) {
    const found = await transactionsOf(repository, { link, moment: asked.moment.upTo });
    if (found.lastTid > ZERO_TID) return found.lastTid;
  }
  return ZERO_TID;
}
