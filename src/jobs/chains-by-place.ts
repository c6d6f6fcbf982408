import { type ChainReader, chainReader } from '../repository/chain.ts';
import type { Store } from '../stores/store.ts';
import { realPlaceOf } from '../system/real-place.ts';

/**
 * Reads the chains of a repository, each once. Their records name the real place of the Data.fs, however its
 * path was written when they were made: a link to a release's folder, or the folder that it leads to.
 */
export function chainsByPlace(store: Store): ChainReader {
  const chainOf = chainReader(store);
  const places = new Map<string, Promise<string>>();
  const placeOf = (path: string) => {
    const place = places.get(path) ?? realPlace(path);
    places.set(path, place);
    return place;
  };
  return async (files) => {
    const chain = await chainOf(files);
    const links = chain.links.map(async (link) => {
      const { record } = link;
      if (record === undefined) return link;
      return { ...link, record: { ...record, source: await placeOf(record.source) } };
    });
    return { ...chain, links: await Promise.all(links) };
  };
}

/** repozo writes none; what can't be looked at, as on another machine, has the path that it was given. */
function realPlace(path: string): Promise<string> {
  return path === '' ? Promise.resolve(path) : realPlaceOf(path).catch(() => path);
}
