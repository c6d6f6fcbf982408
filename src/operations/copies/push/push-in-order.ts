import type { PointName } from '../../../copies/layout/keys.ts';
import { formatPlace } from '../../../copies/layout/place.ts';
import { type Failure, isFailure } from '../../../system/failure.ts';
import type { LocalPoint } from '../local-points.ts';
import { findNewestRecord, type NewestRecord } from './newest-record.ts';
import { pushPoint } from './push-point.ts';
import type { PushRun } from './push-run.ts';

/** What came to a copy. */
export interface PushedPoints {
  readonly points: number;
  readonly newest: NewestRecord;
  /** Why a chain was left. */
  readonly failure: Failure | undefined;
}

/** A backup that isn't what was written ends its chain; the others are copied all the same. */
export async function pushInOrder(
  lacking: readonly LocalPoint[],
  {
    run,
    gone,
    onPoint,
    onBrought,
  }: {
    readonly run: PushRun;
    /** Restore points that were removed from the copy, in the order in which they came. */
    readonly gone: readonly PointName[];
    readonly onPoint: (name: string) => void;
    /** One is in the copy now. */
    readonly onBrought: (() => void) | undefined;
  },
): Promise<PushedPoints> {
  let newest = await findNewestRecord(run.site, { points: run.points, gone });
  let points = 0;
  let failure: Failure | undefined;
  const broken = new Set<string>();
  for (const point of lacking) {
    const chain = `${formatPlace(point.place)} ${point.chainAge}`;
    if (broken.has(chain)) continue;
    onPoint(`${formatPlace(point.place)} ${point.stamp}`);
    try {
      newest = await pushPoint(point, { run, newest });
      points += 1;
      onBrought?.();
    } catch (error) {
      if (!isFailure(error, 'damaged', 'not-found')) throw error;
      broken.add(chain);
      failure ??= error;
    }
  }
  return { points, newest, failure };
}
