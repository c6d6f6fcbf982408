import { randomBytes } from 'node:crypto';
import { formatStamp, type Stamp } from '../repository/layout/stamp.ts';
import { type Check, withLater } from '../repository/records/check-results.ts';
import type { ObjectReader, ObjectStore } from '../stores/objects/object-store.ts';
import { VERSION } from '../system/processes/version.ts';
import { each, inParallel } from '../system/streams/pipeline.ts';
import { type CopiedRun, eachRunOnce } from './layout/copied-run.ts';
import { type CopyEvent, decodeEvent, encodeEvent } from './layout/event-record.ts';
import { EVENTS_PREFIX, type EventName, eventKey, parseEventKey } from './layout/keys.ts';
import { type CopyPlace, formatPlace } from './layout/place.ts';
import { damagedObjects } from './looks-at-copy.ts';
import { readIfThere } from './read-copy.ts';

/** Events that are asked for at once. */
const AT_ONCE = 16;

/** What events say, each or all of a place. */
export interface EventContent {
  /** What looks have found out about restore points. */
  readonly checks: readonly Check[];
  /** What the site has run. */
  readonly runs: readonly CopiedRun[];
}

interface PlaceEvents extends EventContent {
  /** Of those that could be read. */
  readonly keys: readonly string[];
}

const NOTHING: PlaceEvents = { checks: [], runs: [], keys: [] };

/** What the events of a copy say. */
export class CopiedEvents {
  readonly #places: ReadonlyMap<string, PlaceEvents>;

  /** @param places - by the names of the places */
  constructor(places: ReadonlyMap<string, PlaceEvents>) {
    this.#places = places;
  }

  /** The last look of each kind at each part of a point, in the order in which they were written; the last of each run. */
  of(place: CopyPlace): PlaceEvents {
    return this.#places.get(formatPlace(place)) ?? NOTHING;
  }

  /** Keys of objects that aren't what was written, as far as the last looks at the copy have told. */
  get damaged(): ReadonlySet<string> {
    return new Set([...this.#places.values()].flatMap(({ checks }) => damagedObjects(checks)));
  }
}

/**
 * Reads the events of a site: a request for each 1,000 that are there, and one for each that is read. Those that nobody
 * can read say nothing.
 *
 * @param since - by the name of a place: those that were written before say nothing of what is asked; absent: all are read
 */
export async function readCopiedEvents(
  site: ObjectReader,
  since?: ReadonlyMap<string, Stamp>,
): Promise<CopiedEvents> {
  const found: { readonly name: EventName; readonly modifiedMs: number }[] = [];
  for await (const page of site.pages(EVENTS_PREFIX)) {
    for (const { key, modifiedMs } of page) {
      const name = parseEventKey(key);
      if (name !== undefined && isSince({ name, modifiedMs }, since))
        found.push({ name, modifiedMs });
    }
  }
  // Several machines may have looked, and the clock of one may be wrong: that of the store is one for all.
  const names = found
    .sort(
      (one, other) => one.modifiedMs - other.modifiedMs || (one.name.at < other.name.at ? -1 : 1),
    )
    .map(({ name }) => name);
  const places = new Map<string, { readonly key: string; readonly event: CopyEvent }[]>();
  const work = async (name: EventName) => ({
    place: formatPlace(name.place),
    key: eventKey(name),
    event: decodeEvent((await readIfThere(site, eventKey(name)))?.toString('utf8') ?? ''),
  });
  for await (const { place, key, event } of inParallel(each(names), { limit: AT_ONCE, work })) {
    if (event !== undefined) places.set(place, [...(places.get(place) ?? []), { key, event }]);
  }
  const known = [...places].map(([place, read]): readonly [string, PlaceEvents] => {
    const checks = read.reduce<readonly Check[]>(
      (known, { event }) => withLater(known, event.checks),
      [],
    );
    const runs = eachRunOnce(read.flatMap(({ event }) => event.runs ?? []));
    return [place, { checks, runs, keys: read.map(({ key }) => key) }];
  });
  return new CopiedEvents(new Map(known));
}

/** By either clock: that of whoever wrote it may be slow. */
function isSince(
  { name: { place, at }, modifiedMs }: { readonly name: EventName; readonly modifiedMs: number },
  since: ReadonlyMap<string, Stamp> | undefined,
): boolean {
  if (since === undefined) return true;
  const stamp = since.get(formatPlace(place));
  return stamp !== undefined && (at >= stamp || formatStamp(new Date(modifiedMs)) >= stamp);
}

/** Writes down what was found out, and what was run: one at least. */
export async function writeEvent(
  site: Pick<ObjectStore, 'put'>,
  place: CopyPlace,
  { checks, runs, at }: EventContent & { readonly at: Date },
): Promise<void> {
  const name = { place, at: formatStamp(at), id: randomBytes(4).toString('hex') };
  const event: CopyEvent = {
    ...{ format: 1, tool: `zodbvault ${VERSION}`, at: at.toISOString(), checks },
    ...(runs.length > 0 && { runs }),
  };
  await site.put(eventKey(name), encodeEvent(event));
}
