import type { Tid } from '../../filestorage/tid.ts';
import type { ChainLink } from '../layout/chain.ts';
import type { OpenRepository } from '../open-repository.ts';
import { LinkTransactions } from './link-transactions.ts';

/** What was read of a repository that somebody has open, by what makes a backup that one: nobody writes it anew. */
const READ = new WeakMap<OpenRepository, Map<string, LinkTransactions>>();

/**
 * The transactions of a backup. A run, which may look for one moment several times, reads it once for moments that are
 * near each other. Failure `damaged`.
 */
export async function transactionsOf(
  repository: OpenRepository,
  { link, moment }: { readonly link: ChainLink; readonly moment: Tid },
): Promise<LinkTransactions> {
  const read = READ.get(repository) ?? new Map<string, LinkTransactions>();
  READ.set(repository, read);
  const key = `${link.file.name} ${link.md5}`;
  const known = read.get(key);
  if (known?.knows(moment)) return known;
  const found = await LinkTransactions.read(repository.store, { link, moment });
  read.set(key, found);
  return found;
}
