import type { ObjectStore } from '../../stores/objects/object-store.ts';
import { readOnlyStore } from '../../stores/shown/read-only-store.ts';
import type { Store } from '../../stores/store.ts';
import { archivesPrefix, dataPrefix } from '../layout/keys.ts';
import type { CopyPlace } from '../layout/place.ts';
import { decodePointDetails } from '../layout/point-details.ts';
import type { StoredObjectRecord } from '../layout/stored-object.ts';
import type { ReadPoint } from '../read-copy.ts';
import { blobEntries } from './blob-entries.ts';
import type { LoadedPlace } from './load-points.ts';
import { type OpenedPoint, repositoryFiles } from './repository-files.ts';

/** A place of a copy, as the two folders that a site has for it. */
export interface PlaceView {
  readonly place: CopyPlace;
  /** Backups of the Data.fs. */
  readonly repository: Store;
  /** Backups of the blobs. */
  readonly blobs: Store;
  /** Oldest first. */
  readonly points: readonly OpenedPoint[];
}

/** Shows a place of a copy. Nothing is read that was not read before, until somebody asks for it. */
export function viewPlace(
  site: ObjectStore,
  {
    loaded: { place, ...loaded },
    sizeOf,
  }: {
    readonly loaded: LoadedPlace;
    readonly sizeOf: (stored: StoredObjectRecord) => number | undefined;
  },
): PlaceView {
  const names = namesOfPlace(site, place);
  const points = loaded.points.map(openPoint);
  const hasData = points.some(({ record }) => record.data !== null);
  const id = names.repository;
  const common = { site, points, sizeOf };
  const before = loaded.before.map(openPoint);
  const files = repositoryFiles({
    ...common,
    name: names.repository,
    blobs: names.blobs,
    id,
    before,
  });
  const repository = hasData ? id : null;
  const entries = blobEntries({ ...common, place, name: names.blobs, repository });
  return {
    place,
    points,
    repository: readOnlyStore(names.repository, { files, trees: new Map() }),
    blobs: readOnlyStore(names.blobs, entries),
  };
}

/** How messages call the two folders of a place, and a site in place of their paths, whether they are there or not. */
export function namesOfPlace(
  site: ObjectStore,
  place: CopyPlace,
): { readonly repository: string; readonly blobs: string } {
  const nameOf = (prefix: string) => site.nameOf(prefix.slice(0, -1));
  return { repository: nameOf(dataPrefix(place)), blobs: nameOf(archivesPrefix(place)) };
}

function openPoint(point: ReadPoint): OpenedPoint {
  const { details } = point.record;
  const opened = details.kind === 'clear' ? decodePointDetails(details.details) : undefined;
  return { ...point, details: opened };
}

/** How large the objects are whose keys begin so, as the store says: a request for each 1,000. */
export async function sizesBelow(
  site: ObjectStore,
  prefixes: readonly string[],
): Promise<(stored: StoredObjectRecord) => number | undefined> {
  const sizes = new Map<string, number>();
  for (const prefix of prefixes) {
    for await (const page of site.pages(prefix)) {
      for (const { key, sizeBytes } of page) sizes.set(key, sizeBytes);
    }
  }
  return ({ key }) => sizes.get(key);
}
