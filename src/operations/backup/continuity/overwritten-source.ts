import { formatTidTime, parseTid, ZERO_TID } from '../../../filestorage/tid.ts';
import type { BackupRecord } from '../../../repository/layout/backup-record.ts';
import type { Chain, ChainLink } from '../../../repository/layout/chain.ts';
import { linksWithin } from '../../../repository/lineage/overwritten-bytes.ts';
import { isChainOf } from '../../../repository/lineage/same-database.ts';
import { sourceFaultsOf } from '../../../repository/lineage/source-faults.ts';
import type { ObservedSource, Source } from '../../../sources/source.ts';
import type { JobContext } from '../../run/events.ts';

/** What of a Data.fs was backed up before, and is to be there still. */
export interface EarlierBytes {
  readonly earlier: readonly ChainLink[];
  readonly overwritten: BackupRecord['overwritten'];
}

export const NO_EARLIER_BYTES: EarlierBytes = { earlier: [], overwritten: undefined };

/**
 * The newest backups that are not of a damaged Data.fs, and what was wrong with the ones since.
 *
 * @param chains - all of the repository by place, oldest first
 */
export async function findEarlierBytes(
  { source: { log, place }, end }: ObservedSource,
  chains: readonly Chain[],
): Promise<EarlierBytes> {
  let overwritten: BackupRecord['overwritten'];
  for (const chain of chains.toReversed()) {
    if (chain.links.length === 0 || isChainOf(chain, place) === 'no') continue;
    const known = sourceFaultsOf(chain);
    if (known.overwritten === undefined) {
      return { earlier: await linksWithin(log, { chain, end: end.position }), overwritten };
    }
    overwritten ??= known.overwritten;
  }
  return NO_EARLIER_BYTES;
}

/** Cleanup spares the old backups from then on, too. */
export function warnOfOverwrite(
  source: Source,
  {
    overwritten: { position, tid },
    context,
  }: {
    readonly overwritten: NonNullable<BackupRecord['overwritten']>;
    readonly context: JobContext;
  },
): void {
  context.onEvent({
    kind: 'warning',
    code: 'overwritten-source',
    source: source.path,
    position,
    tid,
    time: formatTidTime(parseTid(tid) ?? ZERO_TID),
  });
}
