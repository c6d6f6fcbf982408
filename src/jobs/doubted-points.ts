import { describeReason, type Judgement, reasonsAgainst } from '../repository/judgement.ts';
import { describeKnown } from '../repository/known-at-backup.ts';
import { findBackupPlaces } from './backup-places.ts';
import type { JobEvent } from './events.ts';
import { type ListedSitePoint, listPlace } from './list-site.ts';
import type { SiteRestorePlan, SiteRestoreSettings } from './plan-site-restore.ts';

type DoubtedPoint = Extract<JobEvent, { kind: 'point-doubted' }>;

/** What is known against the restore points of a plan, and which point is better. */
export async function findDoubtedPoints(
  plan: SiteRestorePlan,
  { site, of }: Pick<SiteRestoreSettings, 'site' | 'of'>,
): Promise<readonly DoubtedPoint[]> {
  const places = await findBackupPlaces(site, of);
  const found: DoubtedPoint[] = [];
  for (const { storage, plan: one } of plan.filestorages) {
    const place = places.find((candidate) => candidate.storage === storage);
    if (place === undefined) continue;
    const points = (await listPlace(place, site)).flatMap((listed) =>
      listed.kind === 'filestorage' ? [listed] : [],
    );
    const parts = place.blobs === undefined ? onlyData : both;
    const { stamp } = one.point;
    const chosen = points.find(({ point }) => point.stamp === stamp);
    if (chosen === undefined) continue;
    const { judgement } = chosen;
    // What is lost, or cut, ends the restore by itself, with the way around it.
    const against = reasonsAgainst(parts(judgement))
      .filter(({ kind }) => kind !== 'files')
      .map(describeReason);
    const known = describeKnown(judgement.known);
    if (against.length + known.length === 0) continue;
    const { repository, target } = one;
    const what = { kind: 'point-doubted', storage, repository, target, stamp } as const;
    const how = against.length > 0 ? 'bad' : 'known';
    const isBetter = (other: Judgement) =>
      reasonsAgainst(parts(other)).length === 0 &&
      (how === 'bad' || describeKnown(other.known).length === 0);
    const ofSame = points.filter((other) => copyOf(other) === copyOf(chosen));
    const better = findBetter(ofSame.map((other) => other.judgement).filter(isBetter), stamp);
    found.push({ ...what, how, reasons: [...new Set([...against, ...known])], better });
  }
  return found;
}

/** Whose Data.fs a point is of, where it is another copy's: what has moved is one. */
function copyOf({ madeOf }: Extract<ListedSitePoint, { kind: 'filestorage' }>): string | undefined {
  return madeOf?.is === 'copy' ? madeOf.path : undefined;
}

function both(judgement: Judgement): Pick<Judgement, 'data' | 'blobs'> {
  return judgement;
}

/** A Data.fs that is restored alone needs no blobs. */
function onlyData({ data }: Judgement): Pick<Judgement, 'data' | 'blobs'> {
  return { data, blobs: { kind: 'unknown' } };
}

function findBetter(sound: readonly Judgement[], stamp: string): DoubtedPoint['better'] {
  const older = sound.findLast((one) => one.stamp < stamp);
  if (older !== undefined) return { stamp: older.stamp, is: 'older' };
  const newer = sound.find((one) => one.stamp > stamp);
  return newer === undefined ? undefined : { stamp: newer.stamp, is: 'newer' };
}
