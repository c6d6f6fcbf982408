import type { ChainLink } from '../layout/chain.ts';
import type { OpenRepository } from '../open-repository.ts';
import type { RestorePoint } from '../restore-point.ts';
import { type Cut, cutBehind } from './cut.ts';
import { scanLink } from './scan-link.ts';
import type { TidBounds } from './search-link.ts';

/** The transactions within bounds that a restore point ends with, and those that follow it. Failure `damaged`. */
export async function transactionsNear(
  repository: OpenRepository,
  { point, bounds: { from, upTo } }: { readonly point: RestorePoint; readonly bounds: TidBounds },
): Promise<readonly Cut[]> {
  if (point.kind === 'unlisted') return [];
  const { store } = repository;
  const found = new Map<Cut['tid'], Cut>();
  for (const link of await linksNear(repository, point.links)) {
    await scanLink(store, {
      link,
      visitor: {
        transaction: (transaction) => {
          const { tid } = transaction.header;
          if (tid >= from && tid <= upTo) found.set(tid, cutBehind(transaction));
        },
      },
    });
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
