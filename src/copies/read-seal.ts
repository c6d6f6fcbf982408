import type { ObjectReader } from '../stores/objects/object-store.ts';
import { isFailure } from '../system/failure.ts';
import { each, inParallel } from '../system/streams/pipeline.ts';
import { type PointName, pointKey, tombstoneKey } from './layout/keys.ts';
import { decodeTombstone } from './layout/tombstone.ts';
import {
  copiedPoints,
  type ReadPoint,
  readIfThere,
  readPoint,
  removedPoints,
} from './read-copy.ts';
import type { SealedRecord } from './seal.ts';

/** The records of a site, and what else tells of those that were removed. */
export interface ReadSeal {
  /** Those that are there, in the order in which they came. */
  readonly points: readonly ReadPoint[];
  /** These, and those that were removed. */
  readonly records: readonly SealedRecord[];
  /** Keys of what is none of ours, or of a later version. */
  readonly unreadable: readonly string[];
}

/** Requests under way at once. */
const AT_ONCE = 32;

/**
 * Reads the records of a site and its tombstones: a request for each, and one for each 1,000. A record that goes
 * meanwhile has its tombstone by then.
 */
export async function readSeal(site: ObjectReader): Promise<ReadSeal> {
  const points: ReadPoint[] = [];
  const unreadable: string[] = [];
  for await (const { name, read } of readEach(await copiedPoints(site), (name) =>
    readPointOf(site, name),
  )) {
    if (read === 'unreadable') unreadable.push(pointKey(name));
    else if (read !== undefined) points.push(read);
  }
  const records: SealedRecord[] = points.map(({ name, sha256, record: { before } }) => ({
    ...{ name, sha256, before, removedAt: undefined },
  }));
  // Of one that is there all the same, a run was killed before it removed it.
  const there = new Set(points.map(({ name }) => pointKey(name)));
  const removed = (await removedPoints(site)).filter((name) => !there.has(pointKey(name)));
  for await (const { name, read } of readEach(removed, (name) => readTombstoneOf(site, name))) {
    if (read === undefined) unreadable.push(tombstoneKey(name));
    else
      records.push({ name, sha256: read.sha256, before: read.before, removedAt: read.removedAt });
  }
  return { points, records, unreadable };
}

function readEach<T>(
  names: readonly PointName[],
  read: (name: PointName) => Promise<T>,
): AsyncIterable<{ readonly name: PointName; readonly read: T }> {
  const work = async (name: PointName) => ({ name, read: await read(name) });
  return inParallel(each(names), { limit: AT_ONCE, work });
}

/** Undefined where it is gone. */
async function readPointOf(
  site: ObjectReader,
  name: PointName,
): Promise<ReadPoint | 'unreadable' | undefined> {
  try {
    return await readPoint(site, name);
  } catch (error) {
    if (isFailure(error, 'not-found')) return undefined;
    if (isFailure(error, 'damaged')) return 'unreadable';
    throw error;
  }
}

/** Undefined for one that tells of another record than its key, too. */
async function readTombstoneOf(site: ObjectReader, name: PointName) {
  const bytes = await readIfThere(site, tombstoneKey(name));
  const tombstone = decodeTombstone(bytes?.toString('utf8') ?? '');
  if (tombstone === undefined) return undefined;
  const { storage, kind, stamp, sequence, part } = tombstone;
  const own = pointKey({ place: { storage, kind }, stamp, sequence, part });
  return own === pointKey(name) ? tombstone : undefined;
}
