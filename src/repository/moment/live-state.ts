import { formatStamp } from '../layout/stamp.ts';
import type { OpenRepository } from '../open-repository.ts';
import { type ListedPoint, type RestorePoint, resolvePoint } from '../restore-point.ts';
import { type AskedMoment, beforeRestore } from './moment-failures.ts';
import {
  lastRestore,
  type PastRestore,
  type RestoredMoment,
  timeOfStamp,
} from './past-restores.ts';
import { resolveTransaction } from './resolve-transaction.ts';

/**
 * What is known to have been live at a time: the newest backup that is not later, or what a restore had brought back
 * after that.
 *
 * @param time - milliseconds since 1970
 */
export async function liveAt(
  time: number,
  {
    repository,
    newest,
    restores,
    asked,
  }: {
    readonly repository: OpenRepository;
    readonly newest: ListedPoint;
    readonly restores: readonly PastRestore[];
    readonly asked: AskedMoment;
  },
): Promise<RestorePoint> {
  let base: RestorePoint = newest;
  let upTo = time;
  for (;;) {
    const last = lastRestore(restores, { after: timeOfStamp(base.stamp), upTo });
    if (last === undefined) {
      if (timeOfStamp(base.stamp) <= upTo) return base;
      const date = formatStamp(new Date(upTo));
      base = await resolvePoint(repository, { target: { kind: 'backup', date }, aim: asked.aim });
    } else if (last.restored === undefined) upTo = last.of;
    else return broughtBack(last.restored, { repository, asked });
  }
}

/** What a restore has brought back. Failure `not-found` where that is gone. */
async function broughtBack(
  restored: RestoredMoment,
  { repository, asked }: { readonly repository: OpenRepository; readonly asked: AskedMoment },
): Promise<RestorePoint> {
  const { aim } = asked;
  if (restored.kind === 'transaction') {
    const moment = { ...restored, side: 'after' } as const;
    const point = await resolveTransaction(repository, { moment, aim });
    if (point.lastTid !== restored.tid) throw beforeRestore(asked);
    return point;
  }
  const { stamp } = restored;
  const { chains } = await repository.catalogue();
  const isThere = chains.some(({ full, increments }) =>
    [full, ...increments].some((file) => file.stamp === stamp),
  );
  if (!isThere) throw beforeRestore(asked);
  return resolvePoint(repository, { target: { kind: 'backup', date: stamp }, aim });
}
