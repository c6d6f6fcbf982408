import type { OpenRepository } from '../open-repository.ts';
import { type RestorePoint, resolvePoint, type WantedPoint } from '../restore-point.ts';
import type { MomentTarget } from '../restore-target.ts';
import { resolveDate } from './resolve-date.ts';
import { resolveInChain } from './resolve-in-chain.ts';
import { resolveTransaction } from './resolve-transaction.ts';

/**
 * The state of the log that a target stands for. Failures: those of {@link resolvePoint}; `not-found` for a moment that
 * was packed away, `refused` for one that two chains have.
 */
export function resolveTarget(
  repository: OpenRepository,
  { target, aim }: WantedPoint,
): Promise<RestorePoint> {
  return target.kind === 'moment'
    ? resolveMoment(repository, { target, aim })
    : resolvePoint(repository, { target, aim });
}

function resolveMoment(
  repository: OpenRepository,
  { target: { moment, chain }, aim }: WantedPoint<MomentTarget>,
): Promise<RestorePoint> {
  if (chain !== undefined) return resolveInChain(repository, { moment, stamp: chain, aim });
  return moment.kind === 'date'
    ? resolveDate(repository, { moment, aim })
    : resolveTransaction(repository, { moment, aim });
}
