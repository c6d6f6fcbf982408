import type { RemovalReason } from '../../operations/run/removal-reason.ts';
import { describeProblem } from './problems.ts';

/** Why backup files go. */
export function describeRemoval(reason: RemovalReason): string {
  switch (reason.kind) {
    case 'named':
      return 'it was named';
    case 'damaged':
      return describeProblem(reason.problem);
    case 'newer-full-backups':
      return `newer full backups to keep: ${reason.keep}`;
    case 'no-rule':
      return 'no rule keeps it';
    case 'newer-blob-backups':
      return `newer blob backups to keep: ${reason.keep}`;
    case 'older-than':
      return `days to keep: ${reason.days}`;
    case 'filestorage-backup-gone':
      return 'the Data.fs backup that it belongs to is gone';
    case 'filestorage-backup-goes':
      return 'its Data.fs backup goes, too';
    case 'superseded':
      return 'its run never finished its blobs, and a newer backup is complete';
    case 'removal-interrupted':
      return 'an interrupted run had begun to';
    case 'other-source':
      return `it was made of another blob directory than "${reason.replacedBy}"`;
    case 'incomplete':
      return `it is not complete, and "${reason.replacedBy}" is`;
    default:
      return reason satisfies never;
  }
}
