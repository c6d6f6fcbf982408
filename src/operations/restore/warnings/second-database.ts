import { firstOf } from '../../../filestorage/lineage.ts';
import { formatTidTime } from '../../../filestorage/tid.ts';
import { beginningOfLinks } from '../../../repository/lineage/log-beginning.ts';
import { chainsOfNewest, compareChainLineages } from '../../../repository/lineage/same-database.ts';
import type { OpenRepository } from '../../../repository/open-repository.ts';
import type { WarningOf } from '../../run/warnings/warning.ts';
import type { RestorePlan } from '../restore-plan.ts';

/**
 * Whether a repository also holds backups of another database than the newest is of; the newest of those.
 * Undefined unless their transactions prove it: a site that has moved, and was packed, has one.
 */
export async function findSecondDatabase(
  { repository, target }: RestorePlan,
  opened: OpenRepository,
): Promise<WarningOf<'second-database'> | undefined> {
  const { store } = opened;
  const chains = await opened.chains();
  const own = await chainsOfNewest(store, chains);
  const newest = own.at(-1);
  if (newest === undefined) return undefined;
  for (const chain of chains.toReversed()) {
    if (own.includes(chain)) continue;
    if ((await compareChainLineages(store, [chain, newest])) !== 'other') continue;
    const begins = await firstOf(beginningOfLinks(store, newest.links));
    const otherBegins = await firstOf(beginningOfLinks(store, chain.links));
    if (begins === undefined || otherBegins === undefined) continue;
    return {
      kind: 'warning',
      code: 'second-database',
      repository,
      target,
      newest: newest.files.full.name,
      newestBegins: formatTidTime(begins.tid),
      other: chain.files.full.name,
      otherBegins: formatTidTime(otherBegins.tid),
    };
  }
  return undefined;
}
