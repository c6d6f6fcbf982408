import type { Site } from '../../config/model/site.ts';
import { leadingTo } from '../../system/files/place.ts';
import { isThere } from '../../system/files/presence.ts';
import { eachInTurn } from '../../system/streams/cooperative.ts';
import type { PastRun } from '../run/past-runs.ts';
import { sourcesOf } from '../run/run-log.ts';

/**
 * The runs of a site, where another has the same folder for its backups: a backup of data that is elsewhere, and still
 * there, was another's. Where that is gone, the site has moved.
 */
export async function ownRuns(site: Site, runs: readonly PastRun[]): Promise<readonly PastRun[]> {
  const others = new Set<string>();
  await eachInTurn(runs, ({ sources = [] }) => {
    for (const one of sources) others.add(one);
  });
  for (const source of sourcesOf(site)) {
    for (const own of await leadingTo(source, others)) others.delete(own);
  }
  for (const other of others) if (!(await isThere(other))) others.delete(other);
  const own: PastRun[] = [];
  await eachInTurn(runs, (run) => {
    const { sources = [] } = run;
    if (sources.length === 0 || !sources.every((one) => others.has(one))) own.push(run);
  });
  return own;
}
