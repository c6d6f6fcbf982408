import { parseTid, type Tid, ZERO_TID } from '../../filestorage/tid.ts';
import type { Store } from '../../stores/store.ts';
import type { ChainLink } from '../layout/chain.ts';
import type { Stamp } from '../layout/stamp.ts';
import type { OpenRepository } from '../open-repository.ts';
import { type ListedPoint, type RestorePoint, resolvePoint } from '../restore-point.ts';
import { isNamed, isNotLater, pointOfDate, type WantedMoment } from '../restore-target.ts';
import { firstCredible, isCredibleIn } from './credible-tids.ts';
import { findInChain, pointAt } from './find-in-chain.ts';
import { liveAt } from './live-state.ts';
import { type AskedMoment, beforeRestore, inTwoChains, packedAway } from './moment-failures.ts';
import {
  lastRestore,
  type PastRestore,
  restoresOf,
  tellsOf,
  timeOfStamp,
  timeOfTid,
} from './past-restores.ts';
import { searchLink } from './search-link.ts';
import { usable } from './usable-moment.ts';

type AskedDate = AskedMoment<Extract<WantedMoment, { kind: 'date' }>>;

/**
 * What the log was at a date: the newest backup that is not later, with what was committed after it up to then, which the
 * next backup has. A date that is the name of a restore point is that one.
 */
export async function resolveDate(
  repository: OpenRepository,
  asked: AskedDate,
): Promise<RestorePoint> {
  const { moment, aim } = asked;
  const target = pointOfDate(moment);
  const { chains, datWithoutFull } = await repository.catalogue();
  const restores = await restoresOf(repository);
  const time = timeOfTid(moment.upTo);
  const isTold = (stamp: Stamp) => tellsOf(time, { seenAt: timeOfStamp(stamp), restores });
  const place = chains.findLastIndex(({ full }) => isNotLater(full.stamp, target));
  const isLost = datWithoutFull.some((stamp) => isNotLater(stamp, target));
  const [oldest] = chains;
  if (place < 0 && !isLost && oldest !== undefined) {
    if (!isTold(oldest.full.stamp)) throw beforeRestore(asked);
    const { links } = await repository.chainOf(oldest);
    const found = await beforeFirstBackup(links.slice(0, 1), { store: repository.store, asked });
    if (found !== undefined) return found;
  }
  const newest = await resolvePoint(repository, { target, aim });
  if (newest.kind === 'unlisted' || isNamed(newest.stamp, target)) return newest;
  const base = await liveAt(time, { repository, newest, restores, asked });
  if (base.kind === 'unlisted') return base;
  const files = chains[place];
  const next = chains[place + 1];
  const links = files === undefined ? [] : (await repository.chainOf(files)).links;
  const search = { store: repository.store, base, asked, restores, isTold };
  const within = base === newest ? await withinBase(search) : undefined;
  if (within !== undefined) return within;
  if (links.length > newest.links.length) {
    const isBehind = base.stamp === newest.stamp && base.cut === undefined;
    return isBehind ? inSameChain(links, search) : base;
  }
  const following = next === undefined ? undefined : (await repository.chainOf(next)).links[0];
  if (following === undefined || !isTold(following.file.stamp)) return base;
  return inNextChain(following, search);
}

/** All backups are later, and the oldest may have what was there before it was made. */
async function beforeFirstBackup(
  links: readonly ChainLink[],
  { store, asked }: { readonly store: Store; readonly asked: AskedDate },
): Promise<ListedPoint | undefined> {
  if (links.length === 0) return undefined;
  const bounds = { from: ZERO_TID, upTo: asked.moment.upTo };
  const found = await findInChain(links, { store, bounds });
  return found.point && usable(found, { asked, before: undefined, oldest: found.point.stamp });
}

interface DateSearch {
  readonly store: Store;
  readonly base: ListedPoint;
  readonly asked: AskedDate;
  readonly restores: readonly PastRestore[];
  /** Whether a backup tells what was live then: no restore to a state from before has come between. */
  readonly isTold: (stamp: Stamp) => boolean;
}

/** Where the newest backup goes on to a later moment, as it took its time. */
async function withinBase({
  store,
  base,
  asked,
}: Pick<DateSearch, 'store' | 'base' | 'asked'>): Promise<ListedPoint | undefined> {
  const { upTo } = asked.moment;
  // Nothing that can be true is later then.
  if (!isCredibleIn(base.stamp, upTo)) return undefined;
  const last = await lastTidOf(base, store);
  if (last <= upTo || !isCredibleIn(base.stamp, last)) return undefined;
  const found = await findInChain(base.links, { store, bounds: { from: ZERO_TID, upTo } });
  return usable(found, { asked, before: undefined, oldest: base.stamp });
}

/** What the increments behind a backup have of the time up to the moment. */
async function inSameChain(
  links: readonly ChainLink[],
  { store, base, asked, isTold }: DateSearch,
): Promise<ListedPoint> {
  const bounds = { from: firstCredible(base.stamp), upTo: asked.moment.upTo };
  let found = base;
  for (let count = base.links.length; count < links.length; count += 1) {
    const link = links[count];
    if (link === undefined || isLaterThan(link, asked.moment.upTo)) break;
    if (!isTold(link.file.stamp)) break;
    const { cut } = await searchLink(store, { link, bounds });
    if (cut === undefined) break;
    found = pointAt(links.slice(0, count + 1), cut);
    if (found.cut !== undefined) break;
  }
  return found;
}

/** The same of the full backup that follows, where the log still has it, and where that is the same log. */
async function inNextChain(
  link: ChainLink,
  { store, base, asked, restores }: Omit<DateSearch, 'isTold'>,
): Promise<ListedPoint> {
  const { upTo } = asked.moment;
  const last = await lastTidOf(base, store);
  const bounds = { from: firstCredible(base.stamp), upTo };
  const { cut, packedTid, holdsAsked } = await searchLink(store, { link, bounds, asked: last });
  if (!holdsAsked && packedTid < last) {
    return inOtherLine(link, {
      store,
      base,
      asked,
      restores,
      isNewer: cut !== undefined && cut.tid > last,
    });
  }
  const isPackedLater = packedTid > last && packedTid > upTo;
  const isPackTimeKnown = isCredibleIn(link.file.stamp, packedTid);
  if (isPackedLater && isPackTimeKnown) throw packedAway(asked, { before: base, packedTid });
  if (cut === undefined || cut.tid <= last || isPackedLater) return base;
  return pointAt([link], cut);
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
    store,
    base,
    asked,
    restores,
    isNewer,
  }: Omit<DateSearch, 'isTold'> & { readonly isNewer: boolean },
): Promise<ListedPoint> {
  const { upTo } = asked.moment;
  const [after, until] = [timeOfStamp(base.stamp), timeOfStamp(link.file.stamp)];
  // A stamp has whole seconds: the restore may have ended within that of the backup.
  const restored = lastRestore(restores, { after: after - 1, upTo: until + 1000 });
  const isBefore = restored === undefined ? !isNewer : timeOfTid(upTo) < restored.at;
  if (isBefore) return base;
  const found = await findInChain([link], { store, bounds: { from: ZERO_TID, upTo } });
  const point = usable(found, { asked, before: base, oldest: link.file.stamp });
  if (restored === undefined) throw inTwoChains(asked, [base, point]);
  return point;
}

function isLaterThan({ record }: ChainLink, upTo: Tid): boolean {
  const first = parseTid(record?.firstTid ?? '');
  return first !== undefined && first > upTo;
}

/** Of the last transaction up to a restore point. */
async function lastTidOf({ lastTid, links }: ListedPoint, store: Store): Promise<Tid> {
  if (lastTid !== undefined) return lastTid;
  const bounds = { from: ZERO_TID, upTo: ZERO_TID };
  for (const link of links.toReversed()) {
    const found = await searchLink(store, { link, bounds });
    if (found.lastTid > ZERO_TID) return found.lastTid;
  }
  return ZERO_TID;
}
