import type { Tag } from '../repository/records/tags.ts';
import type { ObjectReader } from '../stores/objects/object-store.ts';
import {
  nameOfPoint,
  type PointMoment,
  parseTagKey,
  TAGS_PREFIX,
  type TagChangeName,
} from './layout/keys.ts';
import { type CopyPlace, isSamePlace } from './layout/place.ts';

/** A change of the tags of a copy, and when the copy got it: milliseconds since 1970, by the clock of the store. */
interface CopiedChange extends TagChangeName {
  readonly atMs: number;
}

/** The tags that the restore points of a copy have: of each point and tag, the last change counts. */
export class CopiedTags {
  readonly #last = new Map<string, CopiedChange>();

  constructor(changes: readonly CopiedChange[]) {
    for (const change of changes) this.add(change);
  }

  /** The last change of a tag of a point; undefined: it never had it. */
  lastOf(point: PointMoment, tag: string): TagChangeName | undefined {
    return this.#last.get(`${nameOfPoint(point)} ${tag}`);
  }

  /** Those of a point, in the order of their names. */
  of(point: PointMoment): readonly string[] {
    return this.in(point.place).flatMap(({ stamp, name }) => (stamp === point.stamp ? name : []));
  }

  /** Those of a place, as the folder of a site has them. */
  in(place: CopyPlace): readonly Tag[] {
    return [...this.#last.values()]
      .filter((one) => one.change === 'given' && isSamePlace(one.place, place))
      .map(({ stamp, tag, atMs }) => ({ stamp, name: tag, at: new Date(atMs).toISOString() }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  add(change: CopiedChange): void {
    const key = `${nameOfPoint(change)} ${change.tag}`;
    const known = this.#last.get(key);
    if (known === undefined || known.number < change.number) this.#last.set(key, change);
  }
}

/** Reads the tags of a copy: a request for each 1,000 changes. */
export async function readCopiedTags(site: ObjectReader): Promise<CopiedTags> {
  const changes: CopiedChange[] = [];
  for await (const page of site.pages(TAGS_PREFIX)) {
    for (const { key, modifiedMs } of page) {
      const change = parseTagKey(key);
      if (change !== undefined) changes.push({ ...change, atMs: modifiedMs });
    }
  }
  return new CopiedTags(changes);
}
