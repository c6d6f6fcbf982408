import type { Site, SiteStorage } from '../../config/model/site.ts';
import { type CopyPlace, PLACE_KINDS } from '../../copies/layout/place.ts';
import type { CopiedBlobs } from '../../copies/layout/point-record.ts';
import type { PlaceNames, PlaceView } from '../../copies/view/place-views.ts';
import type { ObjectReader } from '../../stores/objects/object-store.ts';

/** A site, and what is shown of its copy. */
export interface CopyOfSite {
  /** Its name in the copy. */
  readonly name: string;
  readonly objects: ObjectReader;
  readonly views: readonly PlaceView[];
  /** What its folders are called. */
  readonly namesOf: (place: CopyPlace) => PlaceNames;
}

/**
 * A site of which nothing is there but a copy: where its data was, what the records say; where they don't, a path that
 * is nowhere. It can be looked at, and restored to elsewhere.
 */
export function siteOfCopy(copy: CopyOfSite): Site {
  const { name, views } = copy;
  const storages = [...new Set(views.map(({ place }) => place.storage))].sort(mainLast);
  const points = views.flatMap((one) => one.points);
  const hasData = points.some(({ record }) => record.data !== null);
  const hasBlobs = points.some(({ record }) => baseOf(record.blobs) !== undefined);
  return {
    part: name,
    rules: '6.0',
    storages: storages.map((storage) => ({
      name: storage,
      ...sourcesOf(storage, copy),
      folders: foldersOf(storage, copy),
    })),
    contents: !hasData ? 'blobs' : hasBlobs ? 'both' : 'filestorages',
    full: 'when-needed',
    comparison: 'quick',
    gzip: true,
    verifyAfterBackup: 'quick',
    blobFormat: { kind: 'directories', naming: 'stamps' },
    blobCopier: COPIER,
    keep: 0,
    keepBlobDays: 0,
    preCommand: '',
    postCommand: '',
    isDebug: false,
  };
}

/** The same live data, with the places of a copy for its backups. */
export function withCopy({ copies: _, ...site }: Site, copy: CopyOfSite): Site {
  return {
    ...site,
    rules: '6.0',
    blobCopier: COPIER,
    storages: site.storages.map((storage) => ({
      ...storage,
      folders: foldersOf(storage.name, copy),
    })),
  };
}

/** No other program reads a copy. */
const COPIER = { kind: 'own', rsyncOptions: [], firstCopy: 'copy' } satisfies Site['blobCopier'];

function foldersOf(storage: string, { namesOf }: CopyOfSite): SiteStorage['folders'] {
  const [backup, snapshot, zip] = PLACE_KINDS.map((kind) => {
    const { repository, blobs } = namesOf({ storage, kind });
    return { filestorage: repository, blobs };
  });
  if (backup === undefined || snapshot === undefined || zip === undefined)
    throw new RangeError('there are three kinds');
  return { backup, snapshot, zip };
}

/** As the newest record tells. Names of places that no record tells are those of the copy. */
function sourcesOf(
  storage: string,
  { objects, views }: CopyOfSite,
): Pick<SiteStorage, 'dataFs' | 'blobs'> {
  const points = views
    .filter(({ place }) => place.storage === storage)
    .flatMap((one) => one.points)
    .sort((one, other) => (one.record.stamp < other.record.stamp ? 1 : -1));
  const [newest] = points;
  const source = newest?.details?.data[newest.record.stamp]?.record?.source ?? '';
  const dataFs = source === '' ? objects.nameOf(`${storage}.fs`) : source;
  for (const { record, details } of points) {
    const base = baseOf(record.blobs);
    if (base === undefined) continue;
    const records = Object.values(details?.blobRecords ?? {});
    const recorded = records.find((one) => one.source !== undefined)?.source;
    return { dataFs, blobs: recorded ?? objects.nameOf(base) };
  }
  return { dataFs };
}

/** Name of the blob directory; undefined where the point has no blobs. */
function baseOf(blobs: CopiedBlobs): string | undefined {
  return blobs.kind === 'directory' || blobs.kind === 'archives' ? blobs.base : undefined;
}

/** The main one comes last, as in every site. */
function mainLast(one: string, other: string): number {
  if (one === MAIN || other === MAIN) return one === other ? 0 : one === MAIN ? 1 : -1;
  return one < other ? -1 : 1;
}

const MAIN = 'Data';
