import type { BackupKind, Site } from '../../config/model/site.ts';
import { Failure } from '../../system/failure.ts';
import { type BackupPlace, findBackupPlaces } from '../run/backup-places.ts';
import type { JobContext } from '../run/events.ts';
import { withRunLogOfEach } from '../run/run-log.ts';
import { rememberPoint } from './record-checks.ts';
import type { RestoredPoint } from './restored-point.ts';
import { type DeepVerifiedPoint, type DeepVerifySettings, verifyDeep } from './verify-deep.ts';

export interface SiteDeepVerifySettings {
  readonly site: Site;
  readonly of: BackupKind | 'all';
  readonly points: DeepVerifySettings['points'];
  readonly sample: DeepVerifySettings['sample'];
  /** What a restore has made of the storages, by their names: it is read in the place of their points. */
  readonly restored?: ReadonlyMap<string, RestoredPoint>;
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
  const { site, of, sample, now } = settings;
  const verb = sample.kind === 'all' ? 'verify-deep' : 'verify-sample';
  return withRunLogOfEach({ verb, site, of, now }, context, {
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
  { site, of, points, sample, restored, now }: SiteDeepVerifySettings,
  context: JobContext,
): AsyncGenerator<DeepVerifiedPlace> {
  let absence: Failure | undefined;
  let hasPoint = false;
  for (const place of await findBackupPlaces(site, of)) {
    const { repository, blobs } = place;
    if (repository === undefined) continue;
    const isArchived = place.of === 'zip' || site.blobFormat.kind !== 'directories';
    const places = blobs && {
      folder: blobs.folder,
      live: blobs.source,
      preferred: isArchived ? ('archives' as const) : ('directories' as const),
    };
    try {
      const made = restored?.get(place.storage);
      const found = verifyDeep(
        {
          ...{ repository, points, blobs: places, sample, isChanges: place.isChanges },
          ...(made && { restored: made }),
        },
        context,
      );
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
      if (!(error instanceof Failure) || error.code !== 'not-found') throw error;
      absence ??= error;
    }
  }
  if (absence !== undefined && !hasPoint) throw absence;
}
