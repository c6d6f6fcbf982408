import { ZERO_TID } from '../../filestorage/tid.ts';
import { Failure } from '../../system/failure.ts';
import type { Stamp } from '../layout/stamp.ts';
import type { OpenRepository } from '../open-repository.ts';
import type { ListedPoint } from '../restore-point.ts';
import { findInChain } from './find-in-chain.ts';
import type { AskedMoment } from './moment-failures.ts';
import { boundsOf } from './resolve-transaction.ts';
import { usable } from './usable-moment.ts';

/**
 * What the log was at a moment by the chain that begins with the full backup of `stamp`, whichever was live then.
 * Failure `usage` where there is no such chain.
 */
export async function resolveInChain(
  repository: OpenRepository,
  { stamp, ...asked }: AskedMoment & { readonly stamp: Stamp },
): Promise<ListedPoint> {
  const { moment } = asked;
  const { name } = repository;
  const chains = await repository.chains();
  const chain = chains.find((one) => one.stamp === stamp);
  if (chain === undefined || chain.links.length === 0) {
    const stamps = chains.map((one) => one.stamp).join(', ');
    throw new Failure('usage', `Cannot ${asked.aim} the chain of ${stamp}: "${name}" has none`, {
      hint: `A chain has the name of its full backup. There are: ${stamps}.`,
    });
  }
  const bounds = moment.kind === 'date' ? { from: ZERO_TID, upTo: moment.upTo } : boundsOf(moment);
  const found = await findInChain(chain.links, { repository, bounds });
  return usable(found, { asked, before: undefined, oldest: stamp });
}
