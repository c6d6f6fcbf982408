/**
 * zodbvault as a library: {@link openSite} backs up, lists, verifies and restores a site with its blobs, and
 * {@link openCopy} does the last three with a copy of one. Below it are the jobs for one Data.fs, and the Data.fs itself.
 *
 * Sizes are in bytes, times in seconds, unless a name says otherwise. What fails throws a {@link Failure} with a code.
 *
 * @module
 */

export { OpenBackups } from './blobs/open-backups.ts';
export { type CopyOptions, type OpenCopy, openCopy } from './copy-library.ts';
export { type CommittedEnd, findCommittedEnd } from './filestorage/committed-end.ts';
export { formatOid, type Oid, ROOT_OID } from './filestorage/oid.ts';
export { decodeRecordPickle, type RecordPickle } from './filestorage/pickle/record-pickle.ts';
export type { Reference } from './filestorage/pickle/reference.ts';
export type { DataRecord, RecordData } from './filestorage/record-table.ts';
export { scanTransactions } from './filestorage/scan-transactions.ts';
export type { ScannedTransaction, ScanVisitor } from './filestorage/scan-visitor.ts';
export {
  formatTid,
  formatTidTime,
  type Microseconds,
  microsecondsOfTid,
  parseTid,
  type Tid,
  tidOfMicroseconds,
} from './filestorage/tid.ts';
export {
  type Change,
  type DatabaseOptions,
  DatabaseWriter,
  type TransactionDraft,
} from './filestorage/writer/database-writer.ts';
export { type ObjectState, reference } from './filestorage/writer/object-state.ts';
export { type BackupResult, backUp } from './operations/backup/backup-filestorage.ts';
export type { BackupSettings } from './operations/backup/backup-settings.ts';
export type { StorageBackup } from './operations/backup/backup-site.ts';
export { planOnly } from './operations/backup/plan-filestorage.ts';
export type { BlobBackupResult } from './operations/backup-blobs/blob-backup.ts';
export { type ListedPoint, listRestorePoints } from './operations/list/list-restore-points.ts';
export type { ListedPlace, ListedSitePoint } from './operations/list/list-site.ts';
export { planRestore, restore, restoreToStream } from './operations/restore/restore-filestorage.ts';
export type {
  RestorePlan,
  RestoreResult,
  RestoreSettings,
} from './operations/restore/restore-plan.ts';
export type { JobContext, JobEvent } from './operations/run/events.ts';
export { type VerifySettings, verify } from './operations/verify/verify.ts';
export type { DeepFinding, DeepVerifiedPoint } from './operations/verify/verify-deep.ts';
export type { VerifiedPlace } from './operations/verify/verify-site.ts';
export type { DeepVerifiedPlace } from './operations/verify/verify-site-deep.ts';
export type { BackupPlan, FullReason } from './repository/backup-plan.ts';
export {
  LATEST_BACKUP,
  parseRestoreTarget,
  type RestoreTarget,
} from './repository/restore-target.ts';
export type { Finding } from './repository/verify-repository.ts';
export {
  type OpenSite,
  openSite,
  type RestoreOptions,
  type SiteOptions,
  type SitePlaces,
} from './site-library.ts';
export { Failure, type FailureCode } from './system/failure.ts';
export { type ByteSource, memorySource, openFileSource } from './system/files/byte-source.ts';
