import { formatTidTime, parseTid, ZERO_TID } from '../filestorage/tid.ts';
import type { BackupRecord } from '../repository/backup-record.ts';
import type { ChainLink } from '../repository/chain.ts';
import { knownAtBackup } from '../repository/known-at-backup.ts';
import { linksWithin } from '../repository/overwritten.ts';
import { isChainOf } from '../repository/same-database.ts';
import type { FileSource } from '../system/byte-source.ts';
import { realPlaceOf } from '../system/real-place.ts';
import type { JobContext } from './events.ts';
import type { Planning } from './plan-backup.ts';

/** What of a Data.fs was backed up before, and is to be there still. */
export interface Past {
  readonly earlier: readonly ChainLink[];
  readonly overwritten: BackupRecord['overwritten'];
}

export const NO_PAST: Past = { earlier: [], overwritten: undefined };

/** The newest backups that are not of a damaged Data.fs, and what was wrong with the ones since. */
export async function pastOf(
  source: FileSource,
  { catalogue, chainOf, end }: Pick<Planning, 'catalogue' | 'chainOf'> & { readonly end: number },
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
  const time = formatTidTime(parseTid(tid) ?? ZERO_TID);
  context.onEvent({
    kind: 'warning',
    text: `"${source.path}" is damaged, or was changed by hand: at ${position}, in the transaction ${tid} (${time}), it has other bytes than were backed up, and no pack makes these. "verify --deep" may tell what they belong to; an earlier backup has what was there. Nothing old is removed; if the old backups are not needed any more, remove them by hand`,
  });
}
