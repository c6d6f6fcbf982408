import type { Stamp } from '../../repository/layout/stamp.ts';
import {
  isNamed,
  isNotLater,
  type PointTarget,
  pointOfDate,
  type RestoreTarget,
} from '../../repository/restore-target.ts';
import type { ObjectReader } from '../../stores/objects/object-store.ts';
import { Failure, isFailure } from '../../system/failure.ts';
import { each, inParallel } from '../../system/streams/pipeline.ts';
import { type PointName, parsePointKey } from '../layout/keys.ts';
import { type CopyPlace, formatPlace } from '../layout/place.ts';
import type { PointRecord } from '../layout/point-record.ts';
import { copiedPoints, type ReadPoint, readPoint } from '../read-copy.ts';
import { lineOfPoints } from './line-of-points.ts';

/** Which restore points of a copy are looked at. */
export interface PointsToLoad {
  readonly kind: CopyPlace['kind'] | 'all';
  /** What a restore takes: then one of each place is enough, unless it is a moment between two. Or all of them. */
  readonly target: RestoreTarget | 'all';
  /**
   * What of a chain is read: the record of its last point alone, which tells all that a restore takes, or also those of
   * the points before, which tell what lies beside their data files.
   */
  readonly chain: 'last' | 'whole';
}

/** A place of a copy with restore points that were read. */
export interface LoadedPlace {
  readonly place: CopyPlace;
  /** Oldest first. */
  readonly points: readonly ReadPoint[];
  /** Records of points of the same chains, which the others continue and which aren't shown. */
  readonly before: readonly ReadPoint[];
  /** Points that can't be shown beside the others: see `LineOfPoints`. Each can be loaded by its date. */
  readonly aside: readonly ReadPoint[];
}

/** The places of a copy. */
export interface LoadedPoints {
  readonly places: readonly LoadedPlace[];
  /** Whether they have all their points, and not only those that are wanted. */
  readonly hasAll: boolean;
  /** What is wrong with records that can't be used: their points aren't among the others. */
  readonly unusable: readonly Failure[];
}

/** Records that are asked for at once. */
const AT_ONCE = 32;

/**
 * Reads the records of the restore points of a site: a request for each 1,000 names, and one for each record. Failure
 * `damaged` where one is wanted that can't be used; with all, that is told.
 */
export async function loadPoints(
  site: ObjectReader,
  { kind, target, chain }: PointsToLoad,
): Promise<LoadedPoints> {
  const places: LoadedPlace[] = [];
  const unusable: Failure[] = [];
  const ofKind = (await copiedPoints(site)).filter(
    ({ place }) => kind === 'all' || place.kind === kind,
  );
  const point = pointMeant(target, ofKind);
  for (const named of byPlace(ofKind)) {
    const wanted =
      point === undefined ? named : named.filter(({ stamp }) => isNotLater(stamp, point)).slice(-1);
    const points: ReadPoint[] = [];
    for await (const read of readEach(site, wanted)) {
      if (!(read instanceof Failure)) points.push(read);
      else if (point !== undefined) throw read;
      else unusable.push(read);
    }
    const [first] = named;
    if (first === undefined) continue;
    const { before, broken } = await readContinued(site, points);
    for (const [one, failure] of broken) {
      if (point !== undefined) throw failure;
      unusable.push(failure);
      points.splice(points.indexOf(one), 1);
    }
    if (chain === 'whole' && point !== undefined) {
      const stamps = earlierStamps([...points, ...before]);
      const earlier = named.filter(({ stamp }) => stamps.has(stamp));
      for await (const read of readEach(site, earlier)) {
        if (!(read instanceof Failure)) points.push(read);
      }
    }
    places.push({ place: first.place, before, ...lineOfPoints(inOrder(points), before) });
  }
  return { places, hasAll: point === undefined, unusable };
}

function earlierStamps(points: readonly ReadPoint[]): ReadonlySet<Stamp> {
  return new Set(
    points.flatMap(({ record: { data } }) => (data?.earlier ?? []).map(({ stamp }) => stamp)),
  );
}

function inOrder(points: readonly ReadPoint[]): readonly ReadPoint[] {
  return [...points].sort((one, other) => (one.record.stamp < other.record.stamp ? -1 : 1));
}

/** A date that is the name of a restore point means that one; what any other moment is takes all of them to tell. */
function pointMeant(
  target: PointsToLoad['target'],
  points: readonly PointName[],
): PointTarget | undefined {
  if (target === 'all') return undefined;
  if (target.kind !== 'moment') return target;
  if (target.moment.kind !== 'date' || target.chain !== undefined) return undefined;
  const point = pointOfDate(target.moment);
  return points.some(({ stamp }) => isNamed(stamp, point)) ? point : undefined;
}

/** Of two records with one stamp, the one that came later counts. */
function byPlace(points: readonly PointName[]): readonly (readonly PointName[])[] {
  const places = new Map<string, Map<Stamp, PointName>>();
  for (const point of points) {
    const key = formatPlace(point.place);
    const ofPlace = places.get(key) ?? new Map<Stamp, PointName>();
    places.set(key, ofPlace.set(point.stamp, point));
  }
  return [...places.values()].map((named) =>
    [...named.values()].sort((one, other) => (one.stamp < other.stamp ? -1 : 1)),
  );
}

/** In the order of their names; a failure for each that can't be used. One that went meanwhile is left out. */
async function* readEach(
  site: ObjectReader,
  names: readonly PointName[],
): AsyncGenerator<ReadPoint | Failure> {
  const work = (name: PointName) => readPoint(site, name).catch(unlessBroken);
  for await (const read of inParallel(each(names), { limit: AT_ONCE, work })) {
    if (read !== undefined) yield read;
  }
}

function unlessBroken(error: unknown): Failure | undefined {
  if (isFailure(error, 'not-found')) return undefined;
  if (isFailure(error, 'damaged')) return error;
  throw error;
}

/** What records tell that others continue. */
interface Continued {
  /** Those that aren't among the others. */
  readonly before: readonly ReadPoint[];
  /** Points of which one can't be used, and why. */
  readonly broken: ReadonlyMap<ReadPoint, Failure>;
}

/** A long chain is told by several records, each of which names the one before it. */
async function readContinued(site: ObjectReader, points: readonly ReadPoint[]): Promise<Continued> {
  const own = new Map(points.map((point) => [point.sha256, point]));
  const before = new Map<string, ReadPoint | Failure>();
  const broken = new Map<ReadPoint, Failure>();
  for (const point of points) {
    let link = point.record.data?.continues;
    while (link !== undefined) {
      const { sha256 } = link;
      const read = own.get(sha256) ?? before.get(sha256) ?? (await readLinked(site, link));
      if (!own.has(sha256)) before.set(sha256, read);
      if (read instanceof Failure) broken.set(point, read);
      link = read instanceof Failure ? undefined : read.record.data?.continues;
    }
  }
  const read = [...before.values()].flatMap((one) => (one instanceof Failure ? [] : one));
  return { before: read, broken };
}

/** The record that another one continues; or why that can't be used. */
async function readLinked(
  site: ObjectReader,
  { key, sha256 }: NonNullable<NonNullable<PointRecord['data']>['continues']>,
): Promise<ReadPoint | Failure> {
  const name = parsePointKey(key);
  if (name === undefined) throw new RangeError('the schema lets keys of points through only');
  try {
    const read = await readPoint(site, name);
    return read.sha256 === sha256 ? read : notTheSame(site.nameOf(key));
  } catch (error) {
    if (isFailure(error, 'not-found', 'damaged')) return error;
    throw error;
  }
}

function notTheSame(path: string): Failure {
  return new Failure(
    'damaged',
    `Cannot use "${path}": it is not the record that a later one names`,
    {
      hint: 'Somebody has replaced it. Restore an earlier point, or compare the copy with its seal.',
    },
  );
}
