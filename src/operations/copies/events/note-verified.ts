import { readCopiedEvents, writeEvent } from '../../../copies/copied-events.ts';
import { blobKey, pointKey } from '../../../copies/layout/keys.ts';
import { type CopyPlace, formatPlace } from '../../../copies/layout/place.ts';
import type { PointRecord } from '../../../copies/layout/point-record.ts';
import { objectsNamedBy } from '../../../copies/named-objects.ts';
import { copiedPoints, type ReadPoint, readBlobs } from '../../../copies/read-copy.ts';
import { type Check, MOST_NAMES } from '../../../repository/records/check-results.ts';
import type { ObjectStore } from '../../../stores/objects/object-store.ts';
import { type Failure, isFailure } from '../../../system/failure.ts';
import type { JobContext } from '../../run/events.ts';
import { foldEvents } from './fold-events.ts';

/** What a look at all of a copy has shown. */
interface Verified {
  readonly site: ObjectStore;
  /** Whether this machine removes anything there. */
  readonly mayRemove: boolean;
  /** Keys of objects that aren't what was written, or aren't there. */
  readonly damaged: ReadonlySet<string>;
  readonly time: { readonly begun: Date; readonly seconds: number };
  readonly context: JobContext;
}

/**
 * Writes down in a copy what a look at all of its bytes has shown of each restore point. Where this user may not write,
 * good results are not remembered, and bad ones are told.
 */
export async function noteVerified(
  points: readonly ReadPoint[],
  verified: Verified,
): Promise<void> {
  const places = new Map<string, { readonly place: CopyPlace; readonly checks: Check[] }>();
  const records = new Map(points.map((point) => [pointKey(point.name), point.record]));
  for (const point of points) {
    const { place } = point.name;
    const of = places.get(formatPlace(place)) ?? { place, checks: [] };
    places.set(formatPlace(place), of);
    of.checks.push(...(await checksOf(point, { verified, records })));
  }
  for (const { place, checks } of places.values()) {
    if (checks.length > 0) await note(place, { checks, verified });
  }
  if (verified.mayRemove) await fold(verified).catch(unlessDefect); // The next one does it.
}

/** Where only blobs are backed up, no list shows what was found. */
async function checksOf(
  point: ReadPoint,
  {
    verified,
    records,
  }: { readonly verified: Verified; readonly records: ReadonlyMap<string, PointRecord> },
): Promise<readonly Check[]> {
  const { data, blobs } = point.record;
  if (data === null) return [];
  const own = [...keysOfData(data)];
  // A long chain is told by several records.
  for (let link = data.continues; link !== undefined; ) {
    const earlier = records.get(link.key)?.data;
    own.push(...(earlier == null ? [] : keysOfData(earlier)));
    link = earlier?.continues;
  }
  const checks = [checkOf(point, { part: 'data', keys: own, verified })];
  if (blobs.kind === 'none' || blobs.kind === 'missing') return checks;
  const keys = verified.damaged.size === 0 ? [] : await blobKeys(point.record, verified.site);
  return [...checks, checkOf(point, { part: 'blobs', keys, verified })];
}

function keysOfData(data: NonNullable<PointRecord['data']>): readonly string[] {
  return objectsNamedBy({ data, blobs: { kind: 'none' } }).map(({ key }) => key);
}

/** Keys of all objects that its blobs are made of. */
async function blobKeys(record: PointRecord, site: ObjectStore): Promise<readonly string[]> {
  const { blobs, storage } = record;
  const named = objectsNamedBy({ data: null, blobs }).map(({ key }) => key);
  if (blobs.kind !== 'directory') return named;
  try {
    const { manifest, base, all } = await readBlobs(site, blobs.manifest);
    const { form } = manifest;
    const listed = Array.from(all, (blob) => blobKey({ storage, form }, blob));
    return [...named, ...(base && manifest.base ? [manifest.base.key] : []), ...listed];
  } catch (error) {
    if (!isFailure(error, 'not-found', 'damaged')) throw error;
    return named; // The list itself is among the damaged ones.
  }
}

function checkOf(
  { name: { stamp } }: ReadPoint,
  {
    part,
    keys,
    verified: {
      damaged,
      time: { begun, seconds },
    },
  }: {
    readonly part: Check['part'];
    readonly keys: readonly string[];
    readonly verified: Verified;
  },
): Check {
  const bad = keys.filter((key) => damaged.has(key));
  const of = { stamp, kind: 'verify', part, at: begun.toISOString(), seconds } as const;
  if (bad.length === 0) return { ...of, outcome: 'good' };
  const faults = { where: 'stored', names: bad.slice(0, MOST_NAMES), count: bad.length } as const;
  return { ...of, outcome: 'bad', faults };
}

async function note(
  place: CopyPlace,
  {
    checks,
    verified: { site, time, context },
  }: { readonly checks: readonly Check[]; readonly verified: Verified },
): Promise<void> {
  try {
    await writeEvent(site, place, { checks, runs: [], at: time.begun });
  } catch (error) {
    const { message: reason } = unlessDefect(error);
    const bad = checks.flatMap(({ outcome, stamp }) => (outcome === 'bad' ? [stamp] : []));
    if (bad.length === 0) return;
    const stamps = [...new Set(bad)].sort();
    context.onEvent({ kind: 'warning', code: 'bad-result-not-noted', stamps, reason });
  }
}

async function fold({ site, time: { begun } }: Verified): Promise<void> {
  const events = await readCopiedEvents(site);
  const points = { names: await copiedPoints(site) };
  await foldEvents(events, {
    site,
    points,
    now: () => begun,
    storing: { confirm: async () => {} },
  });
}

/** The failure, where the store doesn't let this user write. */
export function unlessDefect(error: unknown): Failure {
  if (isFailure(error, 'system', 'refused')) return error;
  throw error;
}
