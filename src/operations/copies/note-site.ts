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
  /** Of the newest record, where the run has seen it. */
  readonly sha256: string | undefined;
  readonly at: Date;
}

/** Writes the head of a site: one request, and one where the run hasn't seen the newest record. */
export async function noteSite(store: ObjectStore, seen: SeenSite): Promise<void> {
  const { site, points, at } = seen;
  const key = headKey(site);
  const sequence = points.reduce((most, one) => Math.max(most, one.sequence), 0);
  const sha256 = seen.sha256 ?? (await knownSha256(store, { key, sequence }));
  const head: SiteHead = {
    format: 1,
    tool: `zodbvault ${VERSION}`,
    ...{ site, at: at.toISOString(), places: placesOf(points), sequence },
    ...(sha256 !== undefined && { sha256 }),
  };
  await store.put(key, encodeSiteHead(head));
}

/** As the head before has it, if that speaks of the same record. */
async function knownSha256(
  store: ObjectStore,
  { key, sequence }: { readonly key: string; readonly sequence: number },
): Promise<string | undefined> {
  const before = decodeSiteHead((await readIfThere(store, key))?.toString('utf8') ?? '');
  return before?.sequence === sequence ? before.sha256 : undefined;
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
