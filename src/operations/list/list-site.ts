import type { BlobContent } from '../../blobs/layout/blob-content.ts';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import {
  type BelongingBlobs,
  blobsOfPoints,
  lookInto,
} from '../../blobs/ownership/blobs-of-points.ts';
import { readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import { backedUpDataFs } from '../../config/model/relocate-site.ts';
import type { BackupKind, Site } from '../../config/model/site.ts';
import type { Judgement } from '../../repository/judgement.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { type OtherDataFs, readPointsOfCopies } from '../../repository/lineage/points-of-copies.ts';
import type { FailedRead, NamedProblem } from '../../repository/problem.ts';
import { readJudgements } from '../../repository/read-judgements.ts';
import { findUnreadChecks } from '../../repository/records/check-results.ts';
import { severalAtATime } from '../../system/streams/cooperative.ts';
import { type BackupPlace, findBackupPlaces } from '../run/backup-places.ts';
import { type ListedPoint, listRemains, listRestorePoints } from './list-restore-points.ts';

/** The restore points in one place, oldest first. */
export interface ListedPlace {
  readonly place: BackupPlace;
  readonly points: readonly ListedSitePoint[];
  /** Blob directories of other sites that are backed up to the same folder: their backups are not listed. */
  readonly hidden: readonly { readonly source: string; readonly backups: number }[];
  /** Problems of what belongs to no restore point: {@link listRemains}. */
  readonly remains: readonly NamedProblem[];
  /** The file with what looks have found, where it can't be read. */
  readonly unreadChecks: string | undefined;
}

export type ListedSitePoint =
  | {
      readonly kind: 'filestorage';
      readonly point: ListedPoint;
      /** The blob backup that a restore would take. */
      readonly blobs: BelongingBlobs;
      readonly judgement: Judgement;
      /** The Data.fs that it was made of, where that is another: {@link readPointsOfCopies}. */
      readonly madeOf: OtherDataFs | undefined;
    }
  /** Where only blobs are backed up. */
  | {
      readonly kind: 'blobs';
      readonly entry: BlobEntry;
      /** Undefined where another program made it, or nothing of it is left. */
      readonly content: BlobContent | undefined;
      /** Why nothing can be restored from it; undefined: nobody has seen anything wrong. */
      readonly problem: FailedRead | undefined;
    };

/** Lists what a site can be restored to. Failure `not-found` where there is no backup folder. */
export async function listSite(
  site: Site,
  { kind, backups }: { readonly kind: BackupKind | 'all'; readonly backups: OpenBackups },
): Promise<readonly ListedPlace[]> {
  const listed: ListedPlace[] = [];
  for (const place of await findBackupPlaces(site, { kind, backups })) {
    const points = await listPlace(place, { site, backups });
    const { repository } = place;
    const opened = repository === undefined ? undefined : await backups.repository(repository);
    const remains = opened === undefined ? [] : await listRemains(opened);
    const unreadChecks = opened && (await findUnreadChecks(opened.store));
    const hidden = await hiddenIn(place, backups);
    listed.push({ place, points, hidden, remains, unreadChecks });
  }
  return listed;
}

/** Where Data.fs backups tell whose the blobs are, nobody misses those of others. */
async function hiddenIn(
  { repository, blobs }: BackupPlace,
  backups: OpenBackups,
): Promise<ListedPlace['hidden']> {
  if (repository !== undefined || blobs === undefined) return [];
  const { others } = await readOwnBlobs(blobs, { repository, backups });
  const counts = new Map<string, number>();
  for (const { record, form } of others) {
    const source = record?.source;
    if (source === undefined || form === 'state') continue;
    counts.set(source, (counts.get(source) ?? 0) + 1);
  }
  return [...counts].map(([source, backups]) => ({ source, backups }));
}

/** The blob backup that a restore of the point would take. */
export function blobsOfPoint(points: readonly ListedSitePoint[], stamp: Stamp): BelongingBlobs {
  for (const one of points) {
    if (one.kind === 'filestorage' && one.point.stamp === stamp) return one.blobs;
  }
  return { kind: 'none' };
}

/** The restore points in one of its places, oldest first. Failure `not-found` where there is no folder. */
export async function listPlace(
  { storage, kind, repository, blobs }: BackupPlace,
  { site, backups }: { readonly site: Site; readonly backups: OpenBackups },
): Promise<readonly ListedSitePoint[]> {
  const catalogue =
    blobs === undefined ? undefined : await readOwnBlobs(blobs, { repository, backups });
  if (repository === undefined) {
    if (catalogue === undefined) return [];
    const entries = catalogue.entries.filter(({ form }) => form !== 'state').reverse();
    return severalAtATime(entries, async (entry) => {
      const seen = await lookInto(entry, { recorded: entry, store: catalogue.store });
      if (seen.kind === 'gone')
        return { kind: 'blobs', entry, content: undefined, problem: seen.why } as const;
      return { kind: 'blobs', entry, content: seen.content, problem: undefined } as const;
    });
  }
  const opened = await backups.repository(repository);
  const points = await listRestorePoints(opened);
  const isArchived = kind === 'zip' || site.blobFormat.kind !== 'directories';
  const known =
    catalogue === undefined
      ? undefined
      : blobsOfPoints(catalogue, {
          stamps: points.map(({ stamp }) => stamp),
          preferred: isArchived ? 'archives' : 'directories',
        });
  const dataFs = backedUpDataFs(site, storage);
  const others =
    dataFs === undefined
      ? new Map<Stamp, never>()
      : (await readPointsOfCopies(opened, dataFs)).others;
  const judgements = await readJudgements(opened, {
    blobsOf: known?.factsOf ?? (async () => ({ kind: 'none' })),
  });
  const listed: ListedSitePoint[] = [];
  for (const point of points) {
    const judgement = judgements.get(point.stamp);
    if (judgement === undefined) continue; // It went meanwhile.
    const blobs = (await known?.belongingTo(point.stamp)) ?? ({ kind: 'none' } as const);
    const madeOf = others.get(point.stamp);
    listed.push({ kind: 'filestorage', point, blobs, judgement, madeOf });
  }
  return listed;
}
