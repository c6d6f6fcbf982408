import * as v from 'valibot';
import type { Check } from '../../repository/records/check-results.ts';
import type { Tag } from '../../repository/records/tags.ts';
import type { ObjectReader } from '../../stores/objects/object-store.ts';
import { readOnlyStore } from '../../stores/shown/read-only-store.ts';
import type { Store } from '../../stores/store.ts';
import { type Failure, isFailure } from '../../system/failure.ts';
import { parseJson } from '../../system/parse-json.ts';
import { collect, each } from '../../system/streams/pipeline.ts';
import type { CopiedRun } from '../layout/copied-run.ts';
import { pointKey } from '../layout/keys.ts';
import { type CopyPlace, formatPlace } from '../layout/place.ts';
import { decodePointDetails } from '../layout/point-details.ts';
import type { ReadPoint } from '../read-copy.ts';
import { blobEntries } from './blob-entries.ts';
import type { LoadedPlace } from './load-points.ts';
import { type OpenedPoint, repositoryFiles } from './repository-files.ts';
import type { ReadableObjects, SizeOfStored } from './stored-file.ts';

/** What the two folders of a place are called, whether they are there or not: in messages, and by a site. */
export interface PlaceNames {
  readonly repository: string;
  readonly blobs: string;
}

/** A place of a copy, as the two folders that a site has for it. */
export interface PlaceView {
  readonly place: CopyPlace;
  /** Backups of the Data.fs. */
  readonly repository: Store;
  /** Backups of the blobs. */
  readonly blobs: Store;
  /** Oldest first. */
  readonly points: readonly OpenedPoint[];
  /** Why others can't be used: what their records keep closed is damaged. */
  readonly unusable: readonly Failure[];
}

/**
 * Shows a place of a copy. Nothing is read that was not read before, until somebody asks for it. Failure `refused` where
 * the copy is encrypted, and a key is named that doesn't open it.
 */
export async function viewPlace(
  objects: ReadableObjects,
  {
    loaded: { place, ...loaded },
    names,
    checks,
    runs,
    tags,
    sizeOf,
  }: {
    readonly loaded: LoadedPlace;
    readonly names: PlaceNames;
    /** What looks have found out about its points. */
    readonly checks: readonly Check[];
    /** Runs of the site that its folder has logged. */
    readonly runs: readonly CopiedRun[];
    /** Of its restore points. */
    readonly tags: readonly Tag[];
    readonly sizeOf: SizeOfStored;
  },
): Promise<PlaceView> {
  const { points, unusable } = await openPoints(loaded.points, objects);
  const hasData = points.some(({ record }) => record.data !== null);
  const id = idOf(points) ?? names.repository;
  const common = { ...objects, points, sizeOf };
  const { points: before, unusable: unusableBefore } = await openPoints(loaded.before, objects);
  const files = repositoryFiles({
    ...common,
    name: names.repository,
    blobs: names.blobs,
    id,
    before,
    checks,
    runs,
    tags,
  });
  const repository = hasData ? id : null;
  const entries = blobEntries({ ...common, place, name: names.blobs, repository });
  return {
    place,
    points,
    unusable: [...unusable, ...unusableBefore],
    repository: readOnlyStore(names.repository, { files, trees: new Map() }),
    blobs: readOnlyStore(names.blobs, entries),
  };
}

/** That of the repository of which they are copies; undefined where they are closed, or it had none. */
function idOf(points: readonly OpenedPoint[]): string | undefined {
  return points.findLast(({ details }) => details?.repository !== undefined)?.details?.repository
    ?.id;
}

/**
 * By what people call the copy of a site: `nas:plone/Data-backup`, and `nas:plone/Data-backup/blobs`.
 *
 * @param copy - tells it from others that are open: `nas:plone`
 */
export function namesInCopy(copy: string, place: CopyPlace): PlaceNames {
  const repository = `${copy}/${formatPlace(place)}`;
  return { repository, blobs: `${repository}/blobs` };
}

/** What they keep closed is opened where somebody has named a key. */
async function openPoints(
  points: readonly ReadPoint[],
  objects: ReadableObjects,
): Promise<Pick<PlaceView, 'points' | 'unusable'>> {
  const opened: OpenedPoint[] = [];
  const unusable: Failure[] = [];
  for (const point of points) {
    try {
      opened.push({ ...point, details: decodePointDetails(await readDetails(point, objects)) });
    } catch (error) {
      if (!isFailure(error, 'damaged')) throw error;
      unusable.push(error);
    }
  }
  return { points: opened, unusable };
}

async function readDetails(
  { name, record: { details } }: ReadPoint,
  { site, codec }: ReadableObjects,
): Promise<unknown> {
  switch (details.kind) {
    case 'clear':
      return details.details;
    case 'age': {
      if (!codec.hasIdentities) return undefined;
      const sealed = Buffer.from(details.content, 'base64');
      const bytes = await collect(
        codec.decode(each([sealed]), {
          form: ['age'],
          sizeBytes: sealed.length,
          name: site.nameOf(pointKey(name)),
        }),
      );
      return parseJson(bytes.toString('utf8'), v.unknown());
    }
    default:
      return details satisfies never;
  }
}

/** How large the objects are whose keys begin so, as the store says: a request for each 1,000. Of others, as their record says. */
export async function sizesBelow(
  site: ObjectReader,
  prefixes: readonly string[],
): Promise<SizeOfStored> {
  const sizes = new Map<string, number>();
  for (const prefix of prefixes) {
    for await (const page of site.pages(prefix)) {
      for (const { key, sizeBytes } of page) sizes.set(key, sizeBytes);
    }
  }
  const wasLooked = (key: string) => prefixes.some((prefix) => key.startsWith(prefix));
  return ({ key, sizeBytes }) => (wasLooked(key) ? sizes.get(key) : sizeBytes);
}
