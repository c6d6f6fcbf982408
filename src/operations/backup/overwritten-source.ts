import { formatTidTime, parseTid, ZERO_TID } from '../../filestorage/tid.ts';
import type { BackupRecord } from '../../repository/layout/backup-record.ts';
import type { Catalogue } from '../../repository/layout/catalogue.ts';
import type { ChainLink, ChainReader } from '../../repository/layout/chain.ts';
import { linksWithin } from '../../repository/lineage/overwritten-bytes.ts';
import { isChainOf } from '../../repository/lineage/same-database.ts';
import { knownAtBackup } from '../../repository/lineage/source-faults.ts';
import type { FileSource } from '../../system/files/byte-source.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import type { JobContext } from '../run/events.ts';

/** What of a Data.fs was backed up before, and is to be there still. */
export interface Past {
  readonly earlier: readonly ChainLink[];
  readonly overwritten: BackupRecord['overwritten'];
}

export const NO_PAST: Past = { earlier: [], overwritten: undefined };

/** The newest backups that are not of a damaged Data.fs, and what was wrong with the ones since. */
export async function pastOf(
  source: FileSource,
  {
    catalogue,
    chainOf,
    end,
  }: { readonly catalogue: Catalogue; readonly chainOf: ChainReader; readonly end: number },
): Promise<Past> {
  let overwritten: BackupRecord['overwritten'];
  const place = await realPlaceOf(source.path);
  for (const files of catalogue.chains.toReversed()) {
    const chain = await chainOf(files);
    if (chain.links.length === 0 || isChainOf(chain, place) === 'no') continue;
    const known = knownAtBackup(chain);
    if (known.overwritten === undefined) {
      return { earlier: await linksWithin(source, { chain, end }), overwritten };
    }
    overwritten ??= known.overwritten;
  }
  return NO_PAST;
}

/** Cleanup spares the old backups from then on, too. */
export function warnOfOverwrite(
  source: FileSource,
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
