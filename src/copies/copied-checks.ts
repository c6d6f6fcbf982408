import { randomBytes } from 'node:crypto';
import { formatStamp } from '../repository/layout/stamp.ts';
import { type Check, withLater } from '../repository/records/check-results.ts';
import type { ObjectReader, ObjectStore } from '../stores/objects/object-store.ts';
import { VERSION } from '../system/processes/version.ts';
import { each, inParallel } from '../system/streams/pipeline.ts';
import { decodeEvent, encodeEvent } from './layout/event-record.ts';
import { EVENTS_PREFIX, type EventName, eventKey, parseEventKey } from './layout/keys.ts';
import { type CopyPlace, formatPlace } from './layout/place.ts';
import { readIfThere } from './read-copy.ts';

/** Events that are asked for at once. */
const AT_ONCE = 16;

/** What the events of a place say. */
interface PlaceEvents {
  readonly checks: readonly Check[];
  /** Of those that could be read. */
  readonly keys: readonly string[];
}

/** What a copy says that looks have found out about its restore points. */
export class CopiedChecks {
  readonly #places: ReadonlyMap<string, PlaceEvents>;

  /** @param places - by the names of the places */
  constructor(places: ReadonlyMap<string, PlaceEvents>) {
    this.#places = places;
  }

  /** In the order in which the looks began: the last of each kind for each part of a point. */
  of(place: CopyPlace): readonly Check[] {
    return this.#places.get(formatPlace(place))?.checks ?? [];
  }

  /** Keys of the events that say that. */
  eventsOf(place: CopyPlace): readonly string[] {
    return this.#places.get(formatPlace(place))?.keys ?? [];
  }
}

/** Reads all events of a site: a request for each 1,000, and one for each. Those that nobody can read say nothing. */
export async function readCopiedChecks(site: ObjectReader): Promise<CopiedChecks> {
  const names: EventName[] = [];
  for await (const page of site.pages(EVENTS_PREFIX)) {
    names.push(...page.flatMap(({ key }) => parseEventKey(key) ?? []));
  }
  const places = new Map<string, PlaceEvents>();
  const work = async (name: EventName) => ({
    place: formatPlace(name.place),
    key: eventKey(name),
    event: decodeEvent((await readIfThere(site, eventKey(name)))?.toString('utf8') ?? ''),
  });
  for await (const { place, key, event } of inParallel(each(names), { limit: AT_ONCE, work })) {
    if (event === undefined) continue;
    const { checks, keys } = places.get(place) ?? { checks: [], keys: [] };
    places.set(place, { checks: [...checks, ...event.checks], keys: [...keys, key] });
  }
  const inOrder = [...places].map(
    ([place, { checks, keys }]) => [place, { checks: lastOf(checks), keys }] as const,
  );
  return new CopiedChecks(new Map(inOrder));
}

/** Several machines may have looked: what counts is which of them began later. */
function lastOf(checks: readonly Check[]): readonly Check[] {
  const looks = new Map<string, Check[]>();
  for (const check of checks) {
    const look = looks.get(check.at) ?? [];
    looks.set(check.at, look);
    look.push(check);
  }
  return [...looks]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .reduce<readonly Check[]>((known, [, look]) => withLater(known, look), []);
}

/** Writes down what was found out. @param checks - one at least */
export async function writeChecks(
  site: ObjectStore,
  place: CopyPlace,
  { checks, at }: { readonly checks: readonly Check[]; readonly at: Date },
): Promise<void> {
  const name = { place, at: formatStamp(at), id: randomBytes(4).toString('hex') };
  const tool = `zodbvault ${VERSION}`;
  const event = { format: 1, tool, at: at.toISOString(), checks } as const;
  await site.put(eventKey(name), encodeEvent(event));
}
