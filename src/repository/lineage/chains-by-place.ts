import { placeOf } from '../../system/files/place.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import type { ChainReader } from '../layout/chain.ts';

/**
 * The chains of a repository with records that name the real place of the Data.fs, however its path was
 * written when they were made: a link to a release's folder, or the folder that it leads to. One place has
 * one name, also where it is mounted twice.
 *
 * @param live - the Data.fs that is backed up: its place has its name
 */
export function chainsByPlace(chainOf: ChainReader, live?: string): ChainReader {
  const nameOf = placeNames();
  const begun = live === undefined ? undefined : nameOf(live);
  return async (files) => {
    const chain = await chainOf(files);
    await begun;
    const links = chain.links.map(async (link) => {
      const { record } = link;
      if (record === undefined) return link;
      return { ...link, record: { ...record, source: await nameOf(record.source) } };
    });
    return { ...chain, links: await Promise.all(links) };
  };
}

/** Gives a path the first real path of its place that was asked for. */
function placeNames(): (path: string) => Promise<string> {
  const byPath = new Map<string, Promise<string>>();
  const byKey = new Map<string, string>();
  const find = async (path: string): Promise<string> => {
    const real = await realPlaceOf(path);
    const { key } = await placeOf(real);
    const name = byKey.get(key) ?? real;
    byKey.set(key, name);
    return name;
  };
  return (path) => {
    // repozo writes none; what can't be looked at, as on another machine, has the path that it was given.
    const name = byPath.get(path) ?? (path === '' ? Promise.resolve('') : find(path));
    const real = name.catch(() => path);
    byPath.set(path, real);
    return real;
  };
}
