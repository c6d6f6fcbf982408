import type { BlobEntry } from '../blobs/catalogue.ts';
import { chooseBlobs, type Match } from '../blobs/choose.ts';
import { contentOf } from '../blobs/record.ts';
import { treeIn } from '../blobs/tree-in.ts';
import type { Stamp } from '../repository/stamp.ts';
import type { Finding } from '../repository/verifying.ts';
import type { BackupKind, Site } from '../sites/site.ts';
import { Failure } from '../system/failure.ts';
import { type BackupPlace, findBackupPlaces } from './backup-places.ts';
import { type BlobContent, blobsAmong, layoutBytesIn } from './blob-content.ts';
import { type ListedPoint, listRemains, listRestorePoints } from './list.ts';
import { type OwnBlobs, readOwnBlobs } from './own-blobs.ts';

/** The restore points in one place, oldest first. */
export interface ListedPlace {
  readonly place: BackupPlace;
  readonly points: readonly ListedSitePoint[];
  /** Problems of what belongs to no restore point: {@link listRemains}. */
  readonly remains: readonly string[];
}

export type ListedSitePoint =
  | {
      readonly kind: 'filestorage';
      readonly point: ListedPoint;
      /** The blob backup that a restore would take. */
      readonly blobs: BelongingBlobs;
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

export type BelongingBlobs =
  /** The storage has none, or they are not backed up. */
  | { readonly kind: 'none' }
  | { readonly kind: 'missing'; readonly reason: string }
  | {
      readonly kind: 'found';
      readonly name: string;
      readonly match: Match;
      /** Undefined where another program made it. */
      readonly content: BlobContent | undefined;
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
    listed.push({ place, points, remains });
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

/**
 * That the newest restore point has no blobs to go with it, where it should; undefined where all is
 * right. An older one may be from before blobs were backed up.
 */
export async function findMissingBlobs(
  place: BackupPlace,
  site: Site,
): Promise<Extract<Finding, { kind: 'bad' }> | undefined> {
  if (place.blobs === undefined) return undefined;
  const newest = (await listPlace(place, site)).at(-1);
  if (newest?.kind !== 'filestorage' || newest.blobs.kind !== 'missing') return undefined;
  const { stamp } = newest.point;
  const { folder } = place.blobs;
  const problem = `no blobs can be restored with it from "${folder}": ${newest.blobs.reason}`;
  return { kind: 'bad', name: stamp, problem };
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
  return Promise.all(
    points.map(async (point, position) => {
      const next = points[position + 1];
      const preferred = isArchived ? 'archives' : 'directories';
      const blobs =
        catalogue === undefined
          ? ({ kind: 'none' } as const)
          : await belonging(catalogue, { point, next, preferred });
      return { kind: 'filestorage', point, blobs } as const;
    }),
  );
}

async function belonging(
  catalogue: OwnBlobs,
  {
    point,
    next,
    preferred,
  }: {
    readonly point: ListedPoint;
    readonly next: ListedPoint | undefined;
    readonly preferred: 'archives' | 'directories';
  },
): Promise<BelongingBlobs> {
  try {
    const moment = { kind: 'point', stamp: point.stamp, next: next?.stamp } as const;
    const choice = chooseBlobs(catalogue, { moment, preferred });
    if (choice === undefined) return { kind: 'missing', reason: 'none is there' };
    const { name } = choice.entry;
    const [entry = choice.entry] = choice.kind === 'archives' ? choice.chain : [];
    const { folder } = catalogue;
    const seen = await lookInto(entry, { recorded: choice.entry, folder });
    if (seen.kind === 'gone') return { kind: 'missing', reason: seen.reason };
    return { kind: 'found', name, match: choice.match, content: seen.content };
  } catch (error) {
    if (error instanceof Failure && error.code === 'damaged') {
      return { kind: 'missing', reason: error.message };
    }
    throw error;
  }
}

/**
 * What an entry holds, as was recorded when it was made; of a copy, whether it is there at all.
 *
 * @param entry - the one that has the file that names the layout, if there is one
 * @param recorded - the one whose record tells how much there is
 */
async function lookInto(
  entry: BlobEntry,
  { recorded, folder }: { readonly recorded: BlobEntry; readonly folder: string },
): Promise<
  | { readonly kind: 'there'; readonly content: BlobContent | undefined }
  | { readonly kind: 'gone'; readonly reason: string }
> {
  const content = contentOf(recorded.record);
  // A server writes that file into every blob directory; nobody looks into an archive for it.
  if (entry.form !== 'directory') {
    const layoutBytes = entry.form === 'archive' ? 'bushy'.length : undefined;
    return { kind: 'there', content: content && blobsAmong(content, layoutBytes) };
  }
  try {
    const tree = await treeIn(entry, folder);
    return { kind: 'there', content: content && blobsAmong(content, await layoutBytesIn(tree)) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { kind: 'gone', reason: error.message };
  }
}
