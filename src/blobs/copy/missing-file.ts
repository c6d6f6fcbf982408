import { lstatSync, readdirSync } from 'node:fs';
import { withSystemErrors } from '../../system/failure.ts';
import { giveWay } from '../../system/streams/cooperative.ts';
import { isExcluded } from '../layout/exclusions.ts';

/**
 * A file of one tree that another hasn't, as a path below them; undefined where it has all. What is no
 * blob doesn't count.
 */
export async function findMissingFile({
  of,
  inTree,
  signal,
}: {
  readonly of: string;
  readonly inTree: string;
  readonly signal: AbortSignal;
}): Promise<string | undefined> {
  return withSystemErrors(`compare "${of}" with its new copy`, async () => {
    const waiting = [{ path: '', depth: 0 }];
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      for (const entry of readdirSync(of + place.path, { withFileTypes: true })) {
        if (isExcluded(entry.name, place.depth)) continue;
        const path = `${place.path}/${entry.name}`;
        if (entry.isDirectory()) waiting.push({ path, depth: place.depth + 1 });
        else if (lstatSync(inTree + path, { throwIfNoEntry: false }) === undefined) return path;
      }
      await giveWay(signal);
    }
    return undefined;
  });
}
