import { ZERO_TID } from '../../filestorage/tid.ts';
import type { ChainLink } from '../layout/chain.ts';
import type { OpenRepository } from '../open-repository.ts';
import { type ListedPoint, type RestorePoint, resolvePoint } from '../restore-point.ts';
import { LATEST_BACKUP, lastTidOf, type WantedMoment } from '../restore-target.ts';
import { type FoundInChain, findInChain } from './find-in-chain.ts';
import type { TidBounds } from './link-transactions.ts';
import { type AskedMoment, beforeRestore } from './moment-failures.ts';
import { lastRestore, restoresOf, tellsOf, timeOfPoint, timeOfTid } from './past-restores.ts';
import { usable, usableOf } from './usable-moment.ts';

type Transaction = Extract<WantedMoment, { kind: 'transaction' }>;

/** The tids that belong to the moment after a transaction, or before it. */
export function boundsOf(moment: Transaction): TidBounds {
  return { from: ZERO_TID, upTo: lastTidOf(moment) };
}

/**
 * What the log was right after a transaction, or right before it: in the oldest chain that has the transaction, and of
 * which no pack has taken that state away; or else, where no chain has it, in the oldest one that goes on beyond it.
 */
export async function resolveTransaction(
  repository: OpenRepository,
  asked: AskedMoment<Transaction>,
): Promise<RestorePoint> {
  const search = { repository, bounds: boundsOf(asked.moment), asked: asked.moment.tid };
  const chains = (await repository.chains()).filter(({ links }) => links.length > 0);
  const oldest = chains[0];
  if (oldest === undefined)
    return resolvePoint(repository, { target: LATEST_BACKUP, aim: asked.aim });
  /** The first that has it, where that is not usable. */
  let packed:
    | { readonly found: FoundInChain; readonly before: ListedPoint | undefined }
    | undefined;
  let ended: ListedPoint | undefined;
  let goingOn: FoundInChain | undefined;
  for (const { links } of chains) {
    const found = await findInChain(links, search);
    if (found.holdsAsked) {
      const point = usableOf(found);
      if (point !== undefined) return point;
      packed ??= { found, before: ended };
    } else if (found.point === undefined || isBehind(links, found.point)) goingOn ??= found;
    else if (goingOn === undefined) ended = found.point;
  }
  if (packed !== undefined) {
    return usable(packed.found, { asked, before: packed.before, oldest: oldest.stamp });
  }
  const found = goingOn ?? { ...NOTHING, point: ended };
  await refuseOtherLine(repository, { asked, found });
  if (goingOn === undefined && ended !== undefined) return ended;
  return usable(found, { asked, before: ended, oldest: oldest.stamp });
}

/** No backup has the transaction: what has others of that time says nothing, where a restore has come between. */
async function refuseOtherLine(
  repository: OpenRepository,
  { asked, found }: { readonly asked: AskedMoment<Transaction>; readonly found: FoundInChain },
): Promise<void> {
  const restores = await restoresOf(repository);
  const time = timeOfTid(asked.moment.tid);
  const seenAt = found.point === undefined ? time : timeOfPoint(found.point);
  const isOlder = lastRestore(restores, { after: seenAt, upTo: time }) !== undefined;
  if (isOlder || !tellsOf(time, { seenAt, restores })) throw beforeRestore(asked);
}

const NOTHING: FoundInChain = { point: undefined, packedTid: ZERO_TID, holdsAsked: false };

/** Whether a chain goes on behind a point of it. */
function isBehind(links: readonly ChainLink[], point: ListedPoint): boolean {
  return point.cut !== undefined || point.links.length < links.length;
}
