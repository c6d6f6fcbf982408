import {
  compareLineages,
  firstOf,
  type Lineage,
  type LogBeginning,
} from '../../../filestorage/lineage.ts';
import { beginningOfFile } from '../../../filestorage/log-beginning.ts';
import { formatTidTime } from '../../../filestorage/tid.ts';
import { readChains } from '../../../repository/layout/chain.ts';
import type { Stamp } from '../../../repository/layout/stamp.ts';
import { chainsByPlace } from '../../../repository/lineage/chains-by-place.ts';
import { beginningOfLinks } from '../../../repository/lineage/log-beginning.ts';
import { chainsOfNewest } from '../../../repository/lineage/same-database.ts';
import { type SourceFaults, sourceFaultsOf } from '../../../repository/lineage/source-faults.ts';
import type { OpenRepository } from '../../../repository/open-repository.ts';
import { findFilestorageSource } from '../../../sources/filestorage-source.ts';
import type { Source } from '../../../sources/source.ts';
import { Failure } from '../../../system/failure.ts';
import type { WarningOf } from '../../run/warnings/warning.ts';
import type { OldState, RestorePlan } from '../restore-plan.ts';

/** A restore replaces a Data.fs of another database than the one in the backup, or perhaps of another. */
export type OtherDatabase = WarningOf<'other-database' | 'perhaps-other-database'>;

/**
 * Whether the Data.fs that a restore replaces is of the same database, as far as a look at the beginning of both
 * can tell, and what is to be said beforehand if it isn't, or may not be.
 */
export async function findOtherDatabase(
  { point, target, replaces }: RestorePlan,
  { old, repository }: { readonly old: OldState; readonly repository: OpenRepository },
): Promise<{ readonly lineage: Lineage; readonly warning?: OtherDatabase }> {
  const unknown = { lineage: 'unknown' } as const;
  if (!replaces || point.kind === 'unlisted') return unknown;
  try {
    await using source = await findFilestorageSource(target);
    if (source === undefined) return unknown;
    const { store } = repository;
    const live = source.beginning;
    const stored = beginningOfLinks(store, point.links);
    const lineage = await compareLineages(live, stored);
    if (lineage === 'same' || lineage === 'unknown') return { lineage };
    if (lineage === 'apart') {
      const isSame =
        (await isSameByOldFile(source, stored)) ||
        (await isSameByChains(live, {
          stamp: point.links[0]?.file.stamp ?? point.stamp,
          repository,
        }));
      if (isSame) return { lineage: 'same' };
    }
    const [begins, backupBegins] = [await firstOf(live), await firstOf(stored)];
    if (begins === undefined || backupBegins === undefined) return unknown;
    const told = {
      target,
      begins: formatTidTime(begins.tid),
      backupBegins: formatTidTime(backupBegins.tid),
      isKept: old === 'keep',
    };
    const warning: OtherDatabase =
      lineage === 'other'
        ? { kind: 'warning', code: 'other-database', ...told }
        : { kind: 'notice', code: 'perhaps-other-database', ...told };
    return { lineage, warning };
  } catch (error) {
    // What can't be read is no reason not to replace it.
    if (error instanceof Failure) return unknown;
    throw error;
  }
}

/** Whether what a pack has left beside the Data.fs is akin to both. */
async function isSameByOldFile(source: Source, stored: LogBeginning): Promise<boolean> {
  const old = await source.old();
  if (old === undefined) return false;
  const between = beginningOfFile(old);
  return (
    (await compareLineages(source.beginning, between)) === 'same' &&
    (await compareLineages(between, stored)) === 'same'
  );
}

/** Whether another backup is akin to the Data.fs, and all between that and the one to restore go on from another. */
async function isSameByChains(
  live: LogBeginning,
  { stamp, repository }: { readonly stamp: Stamp; readonly repository: OpenRepository },
): Promise<boolean> {
  const { store } = repository;
  const chainOf = chainsByPlace(repository.chainOf);
  const all = await readChains(await repository.catalogue(), chainOf);
  const chains = await chainsOfNewest(store, all);
  const place = chains.findIndex((chain) => chain.stamp === stamp);
  if (place < 0) return false;
  for (const [index, { links }] of chains.entries()) {
    const later = chains.slice(Math.min(index, place) + 1, Math.max(index, place) + 1);
    if (index === place || later.some((chain) => isUncertain(sourceFaultsOf(chain)))) continue;
    if ((await compareLineages(live, beginningOfLinks(store, links))) === 'same') return true;
  }
  return false;
}

function isUncertain({ isTruncated, hasOtherCopy, mayLack }: SourceFaults): boolean {
  return isTruncated || hasOtherCopy || mayLack;
}
