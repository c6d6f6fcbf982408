import { decodeCopyMarker } from '../../copies/layout/copy-marker.ts';
import { HEADS_PREFIX, MARKER_KEY, sitePrefix } from '../../copies/layout/keys.ts';
import { decodeName } from '../../copies/layout/place.ts';
import { readIfThere } from '../../copies/read-copy.ts';
import type { ObjectReader, StoredObject } from '../../stores/objects/object-store.ts';
import { readableBelow } from '../../stores/objects/objects-below.ts';
import { Failure } from '../../system/failure.ts';
import type { OpenedObjects } from './open-to-read.ts';

/** A site that has a copy in a place. */
export interface SiteInPlace {
  readonly name: string;
  /** Its head: `SiteHead`. */
  readonly object: StoredObject;
}

/** The sites that a place has copies of, in the order of their names: one request for each 1,000. */
export async function sitesInPlace(objects: ObjectReader): Promise<readonly SiteInPlace[]> {
  const sites: SiteInPlace[] = [];
  for await (const page of objects.pages(HEADS_PREFIX)) {
    for (const object of page) {
      const [, text = ''] = /^heads\/([^/]+)\.json$/.exec(object.key) ?? [];
      const name = decodeName(text);
      if (name !== undefined) sites.push({ name, object });
    }
  }
  return sites;
}

/** All that a place has of one site; closes the place. */
export function objectsOfSite(objects: OpenedObjects, name: string): OpenedObjects {
  const close = () => objects[Symbol.asyncDispose]();
  return { ...readableBelow(objects, sitePrefix(name)), [Symbol.asyncDispose]: close };
}

/**
 * The name of the site that is meant. Failures: `not-found` where the place has no copy, `usage` where it has several,
 * and none is named.
 *
 * @param named - undefined: the only one
 */
export async function siteMeant(objects: ObjectReader, named: string | undefined): Promise<string> {
  const sites = await sitesInPlace(objects);
  const [first, ...others] = sites;
  if (first === undefined) {
    // A head is written last: without one, whoever names a site may still find its restore points.
    if (named !== undefined) return named;
    throw await noCopy(objects);
  }
  if (named !== undefined) {
    if (sites.some(({ name }) => name === named)) return named;
    throw new Failure('not-found', `Cannot find a copy of "${named}" in "${objects.name}"`, {
      hint: `There are copies of these sites: ${someNames(sites)}. "site" in the settings of the copy says which one is meant.`,
    });
  }
  if (others.length === 0) return first.name;
  throw new Failure(
    'usage',
    `Cannot tell which site is meant: "${objects.name}" has copies of ${sites.length}`,
    { hint: { kind: 'name-site-of-copy', names: someNames(sites) } },
  );
}

/** Of very many, those that come first. */
const NAMES_SHOWN = 10;

function someNames(sites: readonly SiteInPlace[]): string {
  const more = sites.length - NAMES_SHOWN;
  const names = sites.slice(0, NAMES_SHOWN).map(({ name }) => name);
  return more > 0 ? `${names.join(', ')}, and ${more} more` : names.join(', ');
}

async function noCopy(objects: ObjectReader): Promise<Failure> {
  const marker = await readIfThere(objects, MARKER_KEY);
  if (marker === undefined) {
    return new Failure('not-found', `Cannot find a copy in "${objects.name}"`, {
      hint: 'Name the place as the configuration of the site does, with the whole prefix.',
    });
  }
  if (decodeCopyMarker(marker.toString('utf8')) === undefined) {
    return new Failure('usage', `Cannot read "${objects.nameOf(MARKER_KEY)}"`, {
      hint: 'If a newer version wrote it, update this one.',
    });
  }
  return new Failure('not-found', `Cannot find a copy in "${objects.name}": it holds none yet`, {
    hint: 'No run has completed one. Look at the last backup of the site.',
  });
}
