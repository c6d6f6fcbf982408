import { isFailure } from '../../system/failure.ts';
import { formatStamp } from '../layout/stamp.ts';
import type { OpenRepository } from '../open-repository.ts';
import {
  type ListedPoint,
  type PointAim,
  type RestorePoint,
  resolvePoint,
} from '../restore-point.ts';
import {
  lastRestore,
  type PastRestore,
  type RestoredMoment,
  timeOfPoint,
} from './past-restores.ts';
import { resolveTransaction } from './resolve-transaction.ts';

/**
 * What is known to have been live at a time: the newest backup that is not later, or what a restore had brought back
 * after that. Undefined where that is gone.
 *
 * @param time - milliseconds since 1970
 */
export async function liveAt(
  time: number,
  {
    repository,
    newest,
    restores,
    aim,
  }: {
    readonly repository: OpenRepository;
    readonly newest: ListedPoint;
    readonly restores: readonly PastRestore[];
    readonly aim: PointAim;
  },
): Promise<RestorePoint | undefined> {
  let base: RestorePoint = newest;
  let upTo = time;
  while (base.kind === 'listed') {
    const since = timeOfPoint(base);
    const last = lastRestore(restores, { after: since, upTo });
    if (last === undefined) {
      if (since <= upTo) return base;
      const date = formatStamp(new Date(upTo));
      const earlier = await unlessGone(
        resolvePoint(repository, { target: { kind: 'backup', date }, aim }),
      );
      if (earlier === undefined) return undefined;
      base = earlier;
    } else if (last.restored === undefined) upTo = last.of;
    else return unlessGone(broughtBack(last.restored, { repository, aim }));
  }
  return base;
}

/** What a restore has brought back. */
async function broughtBack(
  restored: RestoredMoment,
  { repository, aim }: { readonly repository: OpenRepository; readonly aim: PointAim },
): Promise<RestorePoint | undefined> {
  if (restored.kind === 'transaction') {
    const moment = { ...restored, side: 'after' } as const;
    const point = await resolveTransaction(repository, { moment, aim });
    return point.lastTid === restored.tid ? point : undefined;
  }
  const { stamp } = restored;
  const { chains } = await repository.catalogue();
  const isThere = chains.some(({ full, increments }) =>
    [full, ...increments].some((file) => file.stamp === stamp),
  );
  if (!isThere) return undefined;
  return resolvePoint(repository, { target: { kind: 'backup', date: stamp }, aim });
}

/** A pack, or a removal, may have taken it away. */
async function unlessGone<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (isFailure(error, 'not-found')) return undefined;
    throw error;
  }
}
