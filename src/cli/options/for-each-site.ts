import type { Site } from '../../config/model/site.ts';
import type { MeantSites } from '../select/unusable-sites.ts';
import { inEachOf, type WorkOnEach } from './each-of.ts';

/** Does something with each site, and says which can't be used: see {@link inEachOf}. */
export function inEachSite(
  { sites, unusable }: MeantSites,
  { work, ...how }: Omit<WorkOnEach<Site>, 'nameOf'>,
): Promise<number> {
  const all = [
    ...unusable.map(({ part, failure }) => ({ part, run: () => Promise.reject(failure) })),
    ...sites.map((site) => ({ part: site.part, run: () => work(site) })),
  ];
  return inEachOf(all, {
    ...how,
    nameOf: ({ part }) => ({ name: part, labels: { site: part } }),
    work: ({ run }) => run(),
  });
}
