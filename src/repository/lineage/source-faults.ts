import type { BackupRecord } from '../layout/backup-record.ts';
import type { Chain } from '../layout/chain.ts';

/**
 * What a run knew to be wrong when it made the full backup of a chain. Such a backup knows no better than
 * the ones before it: it doesn't bring back what was missing then, later ones are not held against it, and nothing
 * older goes while it is the newest.
 */
export interface SourceFaults {
  /** What it knew can't be read. */
  readonly isUnread: boolean;
  /** The Data.fs lacked the end of what had been backed up before. */
  readonly isTruncated: boolean;
  /** Another copy of the database had gone on by itself, and was backed up to the same place. */
  readonly hasOtherCopy: boolean;
  /** Nobody could tell whether it had all that had been backed up before. */
  readonly mayLack: boolean;
  /** The first bytes that were others than had been backed up before. */
  readonly overwritten: BackupRecord['overwritten'];
}

/** Of a Data.fs of which nothing was known to be wrong. */
export const NO_SOURCE_FAULTS: SourceFaults = {
  isUnread: false,
  isTruncated: false,
  hasOtherCopy: false,
  mayLack: false,
  overwritten: undefined,
};

export function sourceFaultsOf({ stamp, links, unreadRecords }: Chain): SourceFaults {
  const record = links[0]?.record;
  return {
    isUnread: unreadRecords.includes(stamp),
    isTruncated: record?.lostEnd === true,
    hasOtherCopy: record?.otherCopy === true,
    mayLack: record?.mayLack === true,
    overwritten: record?.overwritten,
  };
}

/**
 * Whether it was certain that the Data.fs lacked something, its end or what another copy had committed. Versions that
 * wrote format 1 took a pack which left no transaction of a backup for that, too.
 */
export function wasCertain({ links }: Chain): boolean {
  return (links[0]?.record?.format ?? 1) > 1;
}

/** Whether it knew of something for certain. */
export function hasFaults({ isTruncated, hasOtherCopy, overwritten }: SourceFaults): boolean {
  return isTruncated || hasOtherCopy || overwritten !== undefined;
}

/** Whether what is older has to stay, however much `keep` lets go. */
export function sparesOlder(known: SourceFaults): boolean {
  return known.isUnread || hasFaults(known);
}
