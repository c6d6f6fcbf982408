import { firstOf, type Kinship, kinshipOf } from '../filestorage/kinship.ts';
import { formatTidTime } from '../filestorage/tid.ts';
import { tidsOfFile, tidsOfLinks } from '../repository/tids-of-log.ts';
import { folderStore } from '../stores/folder-store.ts';
import { openFileSource } from '../system/byte-source.ts';
import { Failure } from '../system/failure.ts';
import type { JobEvent } from './events.ts';
import type { OldState, RestorePlan } from './restore.ts';

/** A restore replaces a Data.fs of another database than the one in the backup. */
export type OtherDatabase = Extract<JobEvent, { kind: 'other-database' }>;

/**
 * Whether the Data.fs that a restore replaces is of the same database, as far as a look at the beginning of both
 * can tell, and what is to be said beforehand if it isn't.
 */
export async function findOtherDatabase(
  { point, target, repository, replaces }: RestorePlan,
  old: OldState,
): Promise<{ readonly kinship: Kinship; readonly doubt?: OtherDatabase }> {
  const unknown = { kinship: 'unknown' } as const;
  if (!replaces || point.kind === 'unlisted') return unknown;
  try {
    await using source = await openFileSource(target);
    const live = tidsOfFile(source);
    const stored = tidsOfLinks(folderStore(repository), point.links);
    const kinship = await kinshipOf(live, stored);
    if (kinship === 'same' || kinship === 'unknown') return { kinship };
    const [begins, backupBegins] = [await firstOf(live), await firstOf(stored)];
    if (begins === undefined || backupBegins === undefined) return unknown;
    const times = { begins: formatTidTime(begins), backupBegins: formatTidTime(backupBegins) };
    const isKept = old === 'keep';
    return { kinship, doubt: { kind: 'other-database', target, ...times, isKept } };
  } catch (error) {
    // What can't be read is no reason not to replace it.
    if (error instanceof Failure) return unknown;
    throw error;
  }
}
