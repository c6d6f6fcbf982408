import type { BackupKind, Site } from '../../config/model/site.ts';
import { type Failure, isFailure } from '../../system/failure.ts';
import { type BackupPlace, findBackupPlaces } from '../run/backup-places.ts';
import type { JobContext } from '../run/events.ts';
import { withRunLogOfEach } from '../run/run-log.ts';
import { settleTarget } from '../run/settle-target.ts';
import { rememberPoint } from './record-checks.ts';
import type { RestoredPoint } from './restored-point.ts';
import {
  type DeepVerifiedPoint,
  type DeepVerifySettings,
  type PointsToVerify,
  verifyDeep,
} from './verify-deep.ts';

/** Which restore points of a site are looked at. */
export type SitePointsToVerify =
  | Exclude<PointsToVerify, { kind: 'restored' }>
  /** What a restore has made of the storages, by their names. */
  | { readonly kind: 'restored'; readonly byStorage: ReadonlyMap<string, RestoredPoint> };

export interface SiteDeepVerifySettings {
  readonly site: Site;
  readonly kind: BackupKind | 'all';
  readonly points: SitePointsToVerify;
  readonly sample: DeepVerifySettings['sample'];
  readonly now: () => Date;
}

/**
 * Verifies the restore points of a site deeply, place by place, and remembers what came out; those that hold blobs alone have none.
 * Failure `not-found`: there is no such point in any of them.
 */
export function verifySiteDeep(
  settings: SiteDeepVerifySettings,
  context: JobContext,
): AsyncGenerator<DeepVerifiedPlace> {
  const { site, kind, sample, now } = settings;
  const verb = sample.kind === 'all' ? 'verify-deep' : 'verify-sample';
  return withRunLogOfEach({ verb, site, kind, now }, context, {
    work: (watched) => verifySiteDeepUnlogged(settings, watched),
    problemsOf: ({ point }) => point.findings.filter(({ kind }) => kind === 'bad').length,
  });
}

/** A restore point, and where it was found. */
export interface DeepVerifiedPlace {
  readonly place: BackupPlace;
  readonly point: DeepVerifiedPoint;
}

/** The same as a step of another run. */
export async function* verifySiteDeepUnlogged(
  { site, kind, points, sample, now }: SiteDeepVerifySettings,
  context: JobContext,
): AsyncGenerator<DeepVerifiedPlace> {
  const settled = await settlePoints(points, { site, kind, backups: context.backups });
  let absence: Failure | undefined;
  let hasPoint = false;
  for (const place of await findBackupPlaces(site, { kind, backups: context.backups })) {
    const { repository, blobs } = place;
    const wanted = pointsOf(place, settled);
    if (repository === undefined || wanted === undefined) continue;
    const isArchived = place.kind === 'zip' || site.blobFormat.kind !== 'directories';
    const places = blobs && {
      folder: blobs.folder,
      live: blobs.source,
      preferred: isArchived ? ('archives' as const) : ('directories' as const),
    };
    try {
      const { isChanges } = place;
      const settings = { repository, points: wanted, blobs: places, sample, isChanges };
      const found = verifyDeep(settings, context);
      let begun = now();
      for await (const point of found) {
        hasPoint = true;
        const seconds = (now().getTime() - begun.getTime()) / 1000;
        const kind = sample.kind === 'all' ? 'deep' : 'sample';
        await rememberPoint(await context.backups.repository(repository), {
          kind,
          point,
          time: { begun, seconds },
          context,
        });
        yield { place, point };
        begun = now();
      }
    } catch (error) {
      if (!isFailure(error, 'not-found')) throw error;
      absence ??= error;
    }
  }
  if (absence !== undefined && !hasPoint) throw absence;
}

async function settlePoints(
  points: SitePointsToVerify,
  among: Parameters<typeof settleTarget>[1],
): Promise<SitePointsToVerify> {
  if (points.kind !== 'one') return points;
  return { kind: 'one', target: await settleTarget(points.target, among) };
}

/** Undefined where nothing of a storage was restored. */
function pointsOf(
  { storage }: BackupPlace,
  points: SitePointsToVerify,
): PointsToVerify | undefined {
  if (points.kind !== 'restored') return points;
  const restored = points.byStorage.get(storage);
  return restored && { kind: 'restored', restored };
}
