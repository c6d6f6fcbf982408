import type { OpenBackups } from '../../../blobs/open-backups.ts';
import { type Judgement, reasonsAgainst } from '../../../repository/judgement.ts';
import type { Stamp } from '../../../repository/layout/stamp.ts';
import { readPointsOfCopies } from '../../../repository/lineage/points-of-copies.ts';
import { hasFaults } from '../../../repository/lineage/source-faults.ts';
import { readJudgements } from '../../../repository/read-judgements.ts';
import type { RestoreTarget } from '../../../repository/restore-target.ts';
import { type ListedSitePoint, listPlace } from '../../list/list-site.ts';
import { findBackupPlaces } from '../../run/backup-places.ts';
import { openPoint } from '../../run/open-point.ts';
import type { WarningOf } from '../../run/warnings/warning.ts';
import type { SiteRestorePlan, SiteRestoreSettings } from '../site-restore-plan.ts';

type SuspectPointWarning = WarningOf<'point-doubted'>;

/** What is known against a restore point, and which one is better. */
export type SuspectPoint = Pick<
  SuspectPointWarning,
  'stamp' | 'how' | 'reasons' | 'known' | 'better'
>;

/** A restore point as far as it is judged here. */
type Candidate = Pick<Extract<ListedSitePoint, { kind: 'filestorage' }>, 'judgement' | 'madeOf'>;

/** What is known against the restore points of a plan, and which point is better. */
export async function findSuspectPoints(
  plan: SiteRestorePlan,
  {
    site,
    kind,
    backups,
  }: Pick<SiteRestoreSettings, 'site' | 'kind'> & { readonly backups: OpenBackups },
): Promise<readonly SuspectPointWarning[]> {
  const places = await findBackupPlaces(site, { kind, backups });
  const found: SuspectPointWarning[] = [];
  for (const { storage, plan: one } of plan.filestorages) {
    const place = places.find((candidate) => candidate.storage === storage);
    if (place === undefined) continue;
    const points = (await listPlace(place, { site, backups })).flatMap((listed) =>
      listed.kind === 'filestorage' ? [listed] : [],
    );
    const { repository, target, point } = one;
    const parts = place.blobs === undefined ? onlyData : both;
    const suspect = suspectPointOf(point.stamp, { points, parts });
    if (suspect === undefined) continue;
    found.push({ kind: 'warning', code: 'point-doubted', storage, repository, target, ...suspect });
  }
  return found;
}

/** The same for a Data.fs that is restored alone, out of a repository of which nobody knows the site. Failures: those of {@link openPoint}. */
export async function findSuspectPoint(
  folder: string,
  { wanted, backups }: { readonly wanted: RestoreTarget; readonly backups: OpenBackups },
): Promise<SuspectPoint | undefined> {
  const { point } = await openPoint(folder, { target: wanted, aim: 'restore from', backups });
  const repository = await backups.repository(folder);
  const judgements = [...(await readJudgements(repository)).values()];
  const source = point.kind === 'listed' ? point.links.at(-1)?.record?.source : undefined;
  const read = source === undefined ? undefined : await readPointsOfCopies(repository, source);
  const points = judgements.map((judgement) => ({
    judgement,
    madeOf: read?.others.get(judgement.stamp),
  }));
  return suspectPointOf(point.stamp, { points, parts: onlyData });
}

type PartsOf = (judgement: Judgement) => Pick<Judgement, 'data' | 'blobs'>;

function suspectPointOf(
  stamp: Stamp,
  { points, parts }: { readonly points: readonly Candidate[]; readonly parts: PartsOf },
): SuspectPoint | undefined {
  const chosen = points.find(({ judgement }) => judgement.stamp === stamp);
  if (chosen === undefined) return undefined;
  const { judgement } = chosen;
  // What is lost, or cut, ends the restore by itself, with the way around it.
  const reasons = reasonsAgainst(parts(judgement)).filter(({ kind }) => kind !== 'files');
  const { known } = judgement;
  if (reasons.length === 0 && !hasFaults(known)) return undefined;
  const how = reasons.length > 0 ? 'bad' : 'known';
  const isBetter = (other: Judgement) =>
    reasonsAgainst(parts(other)).length === 0 && (how === 'bad' || !hasFaults(other.known));
  const ofSame = points.filter((other) => copyOf(other) === copyOf(chosen));
  const better = findBetter(ofSame.map((other) => other.judgement).filter(isBetter), stamp);
  return { stamp, how, reasons, known, better };
}

/** Whose Data.fs a point is of, where it is that of another copy, or database: what has moved is one. */
function copyOf({ madeOf }: Candidate): string | undefined {
  return madeOf === undefined || madeOf.is === 'place-before' ? undefined : madeOf.path;
}

function both(judgement: Judgement): Pick<Judgement, 'data' | 'blobs'> {
  return judgement;
}

/** A Data.fs that is restored alone needs no blobs. */
function onlyData({ data }: Judgement): Pick<Judgement, 'data' | 'blobs'> {
  return { data, blobs: { kind: 'unknown' } };
}

function findBetter(sound: readonly Judgement[], stamp: string): SuspectPointWarning['better'] {
  const older = sound.findLast((one) => one.stamp < stamp);
  if (older !== undefined) return { stamp: older.stamp, is: 'older' };
  const newer = sound.find((one) => one.stamp > stamp);
  return newer === undefined ? undefined : { stamp: newer.stamp, is: 'newer' };
}
