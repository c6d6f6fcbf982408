import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import { type BlobChoice, blobChooser } from '../../blobs/layout/choose.ts';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import { type OwnBlobs, readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import type { Site } from '../../config/model/site.ts';
import type { PointPart } from '../../copies/layout/keys.ts';
import { type CopyPlace, PLACE_KINDS } from '../../copies/layout/place.ts';
import type { Chain, ChainLink } from '../../repository/layout/chain.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { type RunEnd, runEndOf } from '../../repository/records/completion.ts';
import type { Store } from '../../stores/store.ts';
import { isFailure } from '../../system/failure.ts';
import { type BackupPlace, findBackupPlaces } from '../run/backup-places.ts';

/** The blob backup that a restore of a point would take. */
export type LocalBlobs =
  | { readonly kind: 'none' | 'missing' }
  | { readonly kind: 'found'; readonly store: Store; readonly choice: BlobChoice };

/** The data file of a point, in its chain. */
export interface LocalData {
  readonly store: Store;
  readonly chain: Chain;
  /** In the links of the chain. */
  readonly position: number;
  readonly link: ChainLink;
}

/** A restore point of a site, as its folders have it. */
export interface LocalPoint {
  readonly place: CopyPlace;
  readonly stamp: Stamp;
  readonly part: PointPart;
  readonly run: RunEnd;
  /** 0: it is of the newest chain of its place, 1: of the one before. */
  readonly chainAge: number;
  /** Undefined where only blobs are backed up. */
  readonly data: LocalData | undefined;
  readonly blobs: () => LocalBlobs;
}

/**
 * The restore points of a site that belong into a copy: in each place oldest first, and the main storage last. Failure
 * `not-found` where there is no folder with backups.
 */
export async function readLocalPoints(
  site: Site,
  backups: OpenBackups,
): Promise<readonly LocalPoint[]> {
  const points: LocalPoint[] = [];
  for (const place of await findBackupPlaces(site, { kind: 'all', backups })) {
    const kind = PLACE_KINDS.find((one) => one === place.kind);
    if (kind !== undefined) points.push(...(await pointsIn({ ...place, kind }, { site, backups })));
  }
  return points;
}

type CopiedPlace = BackupPlace & { readonly kind: CopyPlace['kind'] };

async function pointsIn(
  { storage, kind, repository, blobs }: CopiedPlace,
  { site, backups }: { readonly site: Site; readonly backups: OpenBackups },
): Promise<readonly LocalPoint[]> {
  const place = { storage, kind };
  const own = blobs === undefined ? undefined : await readOwnBlobs(blobs, { repository, backups });
  const isArchived = kind === 'zip' || site.blobFormat.kind !== 'directories';
  const preferred = isArchived ? 'archives' : 'directories';
  if (repository === undefined)
    return own === undefined ? [] : blobPoints(own, { place, preferred });
  const opened = await backups.repository(repository);
  const chains = await opened.chains();
  const stamps = chains.flatMap(({ links }) => links.map(({ file }) => file.stamp));
  const choose = own === undefined ? undefined : blobChooser(own, preferred);
  const following = new Map(stamps.map((stamp, index) => [stamp, stamps[index + 1]]));
  const points = chains.flatMap((chain, index) =>
    chain.links.map((link, position): LocalPoint => {
      const { stamp, kind: part } = link.file;
      return {
        ...{ place, stamp, part, run: runEndOf(link), chainAge: chains.length - 1 - index },
        data: { store: opened.store, chain, position, link },
        blobs: () =>
          blobsFor(own, () => choose?.({ kind: 'point', stamp, next: following.get(stamp) })),
      };
    }),
  );
  // What a run has not finished is completed or removed by the next one, unless something was built on it.
  return points.filter(({ run, data }) => run !== 'incomplete' || !isLastOf(data));
}

function isLastOf(data: LocalData | undefined): boolean {
  return data === undefined || data.position === data.chain.links.length - 1;
}

/** Where only blobs are backed up: each backup of them is a point. */
function blobPoints(
  own: OwnBlobs,
  {
    place,
    preferred,
  }: { readonly place: CopyPlace; readonly preferred: 'archives' | 'directories' },
): readonly LocalPoint[] {
  const choose = blobChooser(own, preferred);
  const stamps = [...new Set(own.entries.filter(isRestorable).map(({ stamp }) => stamp))];
  let chainAge = 0;
  const points = stamps.map((stamp): LocalPoint => {
    const blobs = blobsFor(own, () => choose({ kind: 'point', stamp, next: undefined }));
    const part = blobs.kind === 'found' && blobs.choice.entry.form === 'delta' ? 'delta' : 'blobs';
    const age = chainAge;
    if (part === 'blobs') chainAge += 1;
    return {
      ...{ place, stamp, part, run: 'alone', chainAge: age, data: undefined },
      blobs: () => blobs,
    };
  });
  return points.reverse();
}

function isRestorable({ form }: BlobEntry): boolean {
  return form !== 'state';
}

function blobsFor(own: OwnBlobs | undefined, choose: () => BlobChoice | undefined): LocalBlobs {
  if (own === undefined) return { kind: 'none' };
  try {
    const choice = choose();
    return choice === undefined ? { kind: 'missing' } : { kind: 'found', store: own.store, choice };
  } catch (error) {
    // Of a chain of archives, one is missing: who verifies the backups says it.
    if (isFailure(error, 'damaged')) return { kind: 'missing' };
    throw error;
  }
}
