import type { BlobEntry } from '../blobs/catalogue.ts';
import { readCatalogue } from '../repository/catalogue.ts';
import type { Judgement } from '../repository/judgement.ts';
import { readJudgements } from '../repository/read-judgements.ts';
import type { Stamp } from '../repository/stamp.ts';
import type { BackupKind, Site } from '../sites/site.ts';
import { folderStore } from '../stores/folder-store.ts';
import { type BackupPlace, findBackupPlaces } from './backup-places.ts';
import { type BelongingBlobs, blobsOfPoints, lookInto } from './belonging-blobs.ts';
import type { BlobContent } from './blob-content.ts';
import { type ListedPoint, listRemains, listRestorePoints } from './list.ts';
import { readOwnBlobs } from './own-blobs.ts';
import { pointsOfOthers, readPointsOfCopies } from './points-of-copies.ts';

/** The restore points in one place, oldest first. */
export interface ListedPlace {
  readonly place: BackupPlace;
  readonly points: readonly ListedSitePoint[];
  /** Points of other copies of the database, while there are some of this one: {@link pointsOfOthers}. */
  readonly ofOthers: ReturnType<typeof pointsOfOthers>;
  /** Problems of what belongs to no restore point: {@link listRemains}. */
  readonly remains: readonly string[];
}

export type ListedSitePoint =
  | {
      readonly kind: 'filestorage';
      readonly point: ListedPoint;
      /** The blob backup that a restore would take. */
      readonly blobs: BelongingBlobs;
      readonly judgement: Judgement;
    }
  /** Where only blobs are backed up. */
  | {
      readonly kind: 'blobs';
      readonly entry: BlobEntry;
      /** Undefined where another program made it, or nothing of it is left. */
      readonly content: BlobContent | undefined;
      /** Why nothing can be restored from it; undefined: nobody has seen anything wrong. */
      readonly problem: string | undefined;
    };

/** Lists what a site can be restored to. Failure `not-found` where there is no backup folder. */
export async function listSite(
  site: Site,
  of: BackupKind | 'all',
): Promise<readonly ListedPlace[]> {
  const listed: ListedPlace[] = [];
  for (const place of await findBackupPlaces(site, of)) {
    const points = await listPlace(place, site);
    const { repository } = place;
    const remains = repository === undefined ? [] : await listRemains(repository);
    const dataFs = site.storages.find(({ name }) => name === place.storage)?.dataFs;
    const ofOthers =
      repository === undefined || dataFs === undefined
        ? []
        : pointsOfOthers(await readPointsOfCopies(repository, dataFs));
    listed.push({ place, points, ofOthers, remains });
  }
  return listed;
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
  { of, repository, blobs }: BackupPlace,
  { blobFormat }: Site,
): Promise<readonly ListedSitePoint[]> {
  const catalogue = blobs === undefined ? undefined : await readOwnBlobs(blobs, repository);
  if (repository === undefined) {
    if (catalogue === undefined) return [];
    const entries = catalogue.entries.filter(({ form }) => form !== 'state').reverse();
    return Promise.all(
      entries.map(async (entry) => {
        const seen = await lookInto(entry, { recorded: entry, folder: catalogue.folder });
        if (seen.kind === 'gone')
          return { kind: 'blobs', entry, content: undefined, problem: seen.reason } as const;
        return { kind: 'blobs', entry, content: seen.content, problem: undefined } as const;
      }),
    );
  }
  const points = await listRestorePoints(repository);
  const isArchived = of === 'zip' || blobFormat.kind !== 'directories';
  const known =
    catalogue === undefined
      ? undefined
      : blobsOfPoints(catalogue, {
          stamps: points.map(({ stamp }) => stamp),
          preferred: isArchived ? 'archives' : 'directories',
        });
  const store = folderStore(repository);
  const judgements = await readJudgements(store, {
    catalogue: await readCatalogue(store),
    blobsOf: known?.factsOf ?? (async () => ({ kind: 'none' })),
  });
  const listed: ListedSitePoint[] = [];
  for (const point of points) {
    const judgement = judgements.get(point.stamp);
    if (judgement === undefined) continue; // It went meanwhile.
    const blobs = (await known?.belongingTo(point.stamp)) ?? ({ kind: 'none' } as const);
    listed.push({ kind: 'filestorage', point, blobs, judgement });
  }
  return listed;
}
