import type { Tid } from '../../filestorage/tid.ts';
import type { ChainLink } from '../layout/chain.ts';
import type { OpenRepository } from '../open-repository.ts';
import type { RestorePoint } from '../restore-point.ts';
import type { Cut } from './cut.ts';
import { transactionsOf } from './transactions-of.ts';

/**
 * The transactions near a moment that a restore point ends with, and those that follow it: see {@link boundsNear}.
 * Failure `damaged`.
 */
export async function transactionsNear(
  repository: OpenRepository,
  { point, moment }: { readonly point: RestorePoint; readonly moment: Tid },
): Promise<readonly Cut[]> {
  if (point.kind === 'unlisted') return [];
  const found = new Map<Cut['tid'], Cut>();
  for (const link of await linksNear(repository, point.links)) {
    const transactions = await transactionsOf(repository, { link, moment });
    for (const one of transactions.near()) found.set(one.tid, one);
  }
  return [...found.values()];
}

/** The last of some links, and the one that follows it, in its chain or as the next one. */
async function linksNear(
  repository: OpenRepository,
  links: readonly ChainLink[],
): Promise<readonly ChainLink[]> {
  const all = (await repository.chains()).flatMap((chain) => chain.links);
  const last = links.at(-1);
  const place = all.findIndex(({ file }) => file.name === last?.file.name);
  return all.slice(Math.max(0, place), place + 2);
}
