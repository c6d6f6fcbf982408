import { headKey, type PointName } from '../../copies/layout/keys.ts';
import { formatPlace } from '../../copies/layout/place.ts';
import { decodeSiteHead, encodeSiteHead, type SiteHead } from '../../copies/layout/site-head.ts';
import { readIfThere } from '../../copies/read-copy.ts';
import type { ObjectStore } from '../../stores/objects/object-store.ts';
import { VERSION } from '../../system/processes/version.ts';

/** What a run has found in a copy, or brought there. */
export interface SeenSite {
  /** Name of the site in the copy. */
  readonly site: string;
  readonly points: readonly PointName[];
  /** The newest record, as the run has seen it, or the head before; until when the copy is locked; the last runs. */
  readonly head: Pick<SiteHead, 'sequence' | 'sha256' | 'lockedUntil' | 'runs'>;
  /** See `SiteHead`; undefined: something is left to do. */
  readonly settled: string | undefined;
  readonly at: Date;
}

/** Writes the head of a site: one request. */
export async function noteSite(store: Pick<ObjectStore, 'put'>, seen: SeenSite): Promise<void> {
  const { site, points, at, settled } = seen;
  const { sequence, sha256, lockedUntil, runs } = seen.head;
  const head: SiteHead = {
    format: 1,
    tool: `zodbvault ${VERSION}`,
    ...{ site, at: at.toISOString(), places: placesOf(points), sequence },
    ...(sha256 !== undefined && { sha256 }),
    ...(lockedUntil !== undefined && { lockedUntil }),
    ...(runs !== undefined && { runs }),
    ...(settled !== undefined && { settled }),
  };
  await store.put(headKey(site), encodeSiteHead(head));
}

/** Notes in the head of a site what it has run since: two requests. Where there is none, nothing is written. */
export async function noteRuns(
  store: ObjectStore,
  { site, runs }: { readonly site: string; readonly runs: NonNullable<SiteHead['runs']> },
): Promise<void> {
  const head = await readHead(store, site);
  if (head !== undefined) await store.put(headKey(site), encodeSiteHead({ ...head, runs }));
}

/** The head that the last run has written; undefined: there is none that can be read. */
export async function readHead(store: ObjectStore, site: string): Promise<SiteHead | undefined> {
  return decodeSiteHead((await readIfThere(store, headKey(site)))?.toString('utf8') ?? '');
}

function placesOf(points: readonly PointName[]): SiteHead['places'] {
  const places = new Map<string, SiteHead['places'][number]>();
  for (const { place, stamp } of points) {
    const key = formatPlace(place);
    const known = places.get(key);
    const newest = known !== undefined && known.newest > stamp ? known.newest : stamp;
    places.set(key, { ...place, points: (known?.points ?? 0) + 1, newest });
  }
  return [...places].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, place]) => place);
}
