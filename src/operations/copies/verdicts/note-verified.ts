import { readCopiedChecks, writeChecks } from '../../../copies/copied-checks.ts';
import { blobKey } from '../../../copies/layout/keys.ts';
import { type CopyPlace, formatPlace } from '../../../copies/layout/place.ts';
import type { PointRecord } from '../../../copies/layout/point-record.ts';
import { objectsNamedBy } from '../../../copies/named-objects.ts';
import { type ReadPoint, readBlobs } from '../../../copies/read-copy.ts';
import {
  type Check,
  MOST_NAMES,
  withLater,
  worthKeeping,
} from '../../../repository/records/check-results.ts';
import type { ObjectStore } from '../../../stores/objects/object-store.ts';
import { type Failure, isFailure } from '../../../system/failure.ts';
import type { JobContext } from '../../run/events.ts';

/** Events of a place that become one. */
const MANY = 16;

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
 * Writes down in a copy what a look at all of its bytes has shown of each restore point. Where there are many such
 * events, one takes the place of all; those that others write meanwhile stay. Where this user may not write, good results
 * are not remembered, and bad ones are told.
 */
export async function noteVerified(
  points: readonly ReadPoint[],
  verified: Verified,
): Promise<void> {
  const places = new Map<string, { readonly place: CopyPlace; readonly checks: Check[] }>();
  for (const point of points) {
    const { place } = point.name;
    const of = places.get(formatPlace(place)) ?? { place, checks: [] };
    places.set(formatPlace(place), of);
    of.checks.push(...(await checksOf(point, verified)));
  }
  for (const { place, checks } of places.values()) {
    if (checks.length > 0) await note(place, { checks, verified });
  }
}

/** Where only blobs are backed up, no list shows what was found. */
async function checksOf(point: ReadPoint, verified: Verified): Promise<readonly Check[]> {
  const { data, blobs } = point.record;
  if (data === null) return [];
  const own = objectsNamedBy({ data, blobs: { kind: 'none' } }).map(({ key }) => key);
  const checks = [checkOf(point, { part: 'data', keys: own, verified })];
  if (blobs.kind === 'none' || blobs.kind === 'missing') return checks;
  const keys = verified.damaged.size === 0 ? [] : await blobKeys(point.record, verified.site);
  return [...checks, checkOf(point, { part: 'blobs', keys, verified })];
}

/** Keys of all objects that its blobs are made of. */
async function blobKeys(record: PointRecord, site: ObjectStore): Promise<readonly string[]> {
  const { blobs, storage } = record;
  const named = objectsNamedBy({ data: null, blobs }).map(({ key }) => key);
  if (blobs.kind !== 'directory') return named;
  try {
    const { manifest, base, all } = await readBlobs(site, blobs.manifest);
    const { form } = manifest;
    const listed = all.map((blob) => blobKey({ storage, form }, blob));
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
    verified: { site, mayRemove, time, context },
  }: { readonly checks: readonly Check[]; readonly verified: Verified },
): Promise<void> {
  try {
    const copied = await readCopiedChecks(site);
    const earlier = copied.eventsOf(place);
    if (earlier.length < MANY || !mayRemove) {
      await writeChecks(site, place, { checks, at: time.begun });
      return;
    }
    const stamps = new Set<string>(checks.map(({ stamp }) => stamp));
    const all = worthKeeping(withLater(copied.of(place), checks), stamps);
    await writeChecks(site, place, { checks: all, at: time.begun });
    await site.remove(earlier).catch(unlessDefect); // They say the same.
  } catch (error) {
    const { message: reason } = unlessDefect(error);
    const bad = checks.flatMap(({ outcome, stamp }) => (outcome === 'bad' ? [stamp] : []));
    if (bad.length === 0) return;
    const stamps = [...new Set(bad)].sort();
    context.onEvent({ kind: 'warning', code: 'bad-result-not-noted', stamps, reason });
  }
}

function unlessDefect(error: unknown): Failure {
  if (isFailure(error, 'system', 'refused')) return error;
  throw error;
}
