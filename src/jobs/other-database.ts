import { firstOf, kinshipOf } from '../filestorage/kinship.ts';
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
 * What a restore is to say beforehand of the Data.fs that it replaces; undefined where that is of the
 * same database, as far as a look at the beginning of both can tell.
 */
export async function findOtherDatabase(
  { point, target, repository, replaces }: RestorePlan,
  old: OldState,
): Promise<OtherDatabase | undefined> {
  if (!replaces || point.kind === 'unlisted') return undefined;
  try {
    await using source = await openFileSource(target);
    const live = tidsOfFile(source);
    const stored = tidsOfLinks(folderStore(repository), point.links);
    const kinship = await kinshipOf(live, stored);
    if (kinship === 'same' || kinship === 'unknown') return undefined;
    const [begins, backupBegins] = [await firstOf(live), await firstOf(stored)];
    if (begins === undefined || backupBegins === undefined) return undefined;
    return {
      kind: 'other-database',
      target,
      begins: formatTidTime(begins),
      backupBegins: formatTidTime(backupBegins),
      isKept: old === 'keep',
    };
  } catch (error) {
    // What can't be read is no reason not to replace it.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
