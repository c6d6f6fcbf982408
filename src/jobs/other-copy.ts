import type { CommittedEnd } from '../filestorage/committed-end.ts';
import { newestTransactionUpTo } from '../filestorage/debris.ts';
import { firstOf } from '../filestorage/kinship.ts';
import { formatTid, parseTid } from '../filestorage/tid.ts';
import type { Chain, ChainLink } from '../repository/chain.ts';
import { reachOf } from '../repository/lost-end.ts';
import { backupsOfCopies, type Origin } from '../repository/same-database.ts';
import { tidsOfFile } from '../repository/tids-of-log.ts';
import type { FileSource } from '../system/byte-source.ts';
import type { JobContext } from './events.ts';

/** What the next full backup of a Data.fs will tell of where it comes from. */
export async function originOfSource(source: FileSource): Promise<Origin> {
  const first = await firstOf(tidsOfFile(source));
  return {
    sources: new Set([source.path]),
    firstTids: new Set(first === undefined ? [] : [formatTid(first)]),
  };
}

/**
 * A backup of another copy of the database, which has gone on by itself: the Data.fs doesn't hold its end.
 * Where the site has only moved here, it does. Undefined where there is none, or a pack hides it.
 *
 * @param chains - all of the repository, oldest first
 */
export async function findOtherCopy(
  source: FileSource,
  { end, chains }: { readonly end: CommittedEnd; readonly chains: readonly Chain[] },
): Promise<ChainLink | undefined> {
  const { firstTids } = await originOfSource(source);
  for (const link of backupsOfCopies(chains, { path: source.path, firstTids })) {
    const limit = parseTid(link.record?.lastTid ?? '');
    if (limit === undefined) continue;
    const reached = await newestTransactionUpTo(source, { end: end.position, limit });
    // See lostEndOf on what a pack marks.
    if (reached === undefined || reached.status === 'p' || reached.tid === limit) continue;
    return link;
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
    text: `"${source.path}" is another copy of the database than "${other.record?.source}", and both are backed up here: it lacks the end of what "${other.file.name}" holds of the other, which reaches to ${reachOf(other)}. Nothing old is removed. Give each a folder of its own; if the other is not needed any more, "retire" removes its backups`,
  });
}
