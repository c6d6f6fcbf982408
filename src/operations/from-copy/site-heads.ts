import { decodeSiteHead, type SiteHead } from '../../copies/layout/site-head.ts';
import { readIfThere } from '../../copies/read-copy.ts';
import type { ObjectReader } from '../../stores/objects/object-store.ts';
import { each, inParallel } from '../../system/streams/pipeline.ts';
import { HeadCache } from './head-cache.ts';
import { type SiteInPlace, sitesInPlace } from './sites-of-copy.ts';

/** What a site has in a place of copies. */
export interface ListedHead {
  readonly name: string;
  /** Undefined where it can't be read: a later version wrote it, or it is damaged. */
  readonly head: SiteHead | undefined;
}

/** A run of a site, as its head tells of it. */
export type ListedRun = NonNullable<SiteHead['runs']>[number];

/** Heads that are asked for at once. */
const AT_ONCE = 32;

/**
 * The heads of all sites that a place has copies of, in the order of their names: a request for each 1,000, and one for
 * each head that is another one than when this user last looked.
 */
export async function readSiteHeads(objects: ObjectReader): Promise<readonly ListedHead[]> {
  const sites = await sitesInPlace(objects);
  const cache = await HeadCache.open(objects.name);
  const work = async ({ name, object }: SiteInPlace): Promise<ListedHead | undefined> => {
    const known = cache.find(object);
    if (known !== undefined) return { name, head: known };
    const bytes = await readIfThere(objects, object.key);
    if (bytes === undefined) return undefined; // It went meanwhile.
    const head = decodeSiteHead(bytes.toString('utf8'));
    if (head !== undefined) cache.put(object, head);
    return { name, head };
  };
  const heads: ListedHead[] = [];
  for await (const head of inParallel(each(sites), { limit: AT_ONCE, work })) {
    if (head !== undefined) heads.push(head);
  }
  await cache.save(sites.map(({ object }) => object.key));
  return heads;
}
