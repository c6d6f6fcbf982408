import type { CommittedEnd } from '../filestorage/committed-end.ts';
import { newestTransactionUpTo } from '../filestorage/debris.ts';
import { firstOf } from '../filestorage/kinship.ts';
import { formatTid, parseTid } from '../filestorage/tid.ts';
import type { Chain, ChainLink } from '../repository/chain.ts';
import { reachOf } from '../repository/reach.ts';
import { backupsOfCopies, type Origin } from '../repository/same-database.ts';
import { tidsOfFile } from '../repository/tids-of-log.ts';
import type { Store } from '../stores/store.ts';
import type { FileSource } from '../system/byte-source.ts';
import { realPlaceOf } from '../system/real-place.ts';
import type { JobContext } from './events.ts';

/** What the next full backup of a Data.fs will tell of where it comes from. */
export async function originOfSource(source: FileSource): Promise<Origin> {
  const first = await firstOf(tidsOfFile(source));
  return {
    sources: new Set([await realPlaceOf(source.path)]),
    firstTids: new Set(first === undefined ? [] : [formatTid(first)]),
  };
}

/**
 * A backup of another copy of the database, which has gone on by itself: the Data.fs doesn't hold its last
 * transaction. Where the site has only moved here, it does, unless it was packed or set back before its first backup
 * here, which nobody can tell from a copy.
 *
 * @param chains - all of the repository by place, oldest first
 */
export async function findOtherCopy(
  source: FileSource,
  {
    store,
    end,
    chains,
  }: { readonly store: Store; readonly end: CommittedEnd; readonly chains: readonly Chain[] },
): Promise<ChainLink | undefined> {
  if (chains.length === 0) return undefined;
  const path = await realPlaceOf(source.path);
  const origin = await originOfSource(source);
  for (const link of await backupsOfCopies(store, { chains, path, origin })) {
    const limit = parseTid(link.record?.lastTid ?? '');
    if (limit === undefined) continue;
    const reached = await newestTransactionUpTo(source, { end: end.position, limit });
    if (reached?.tid !== limit) return link;
  }
  return undefined;
}

/** Cleanup spares the old backups from then on, too. */
export function warnOfOtherCopy(
  source: FileSource,
  { other, context }: { readonly other: ChainLink; readonly context: JobContext },
): void {
  context.onEvent({
    kind: 'warning',
    text: `"${source.path}" is another copy of the database than "${other.record?.source}", or was packed or set back when it came from there: it lacks the last transaction of "${other.file.name}", which reaches to ${reachOf(other)}. Nothing old is removed. Give each copy a folder of its own; if the other is not in use any more, "retire" removes its backups`,
  });
}
