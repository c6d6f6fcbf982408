/**
 * zodbvault as a library: the jobs that the command runs, and the Data.fs that they know.
 *
 * @module
 */

export { type CommittedEnd, findCommittedEnd } from './filestorage/committed-end.ts';
export { formatOid, type Oid, ROOT_OID } from './filestorage/oid.ts';
export { decodeRecordPickle, type RecordPickle } from './filestorage/pickle/record-pickle.ts';
export type { Reference } from './filestorage/pickle/reference.ts';
export type { DataRecord, RecordData } from './filestorage/record-table.ts';
export {
  type ScannedTransaction,
  type ScanVisitor,
  scanTransactions,
} from './filestorage/scanner.ts';
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
export { type BackupResult, type BackupSettings, backUp, planOnly } from './jobs/backup.ts';
export type { JobContext, JobEvent } from './jobs/events.ts';
export { type ListedPoint, listRestorePoints } from './jobs/list.ts';
export {
  planRestore,
  type RestorePlan,
  type RestoreResult,
  type RestoreSettings,
  restore,
  restoreToStream,
} from './jobs/restore.ts';
export { type VerifySettings, verify } from './jobs/verify.ts';
export type { BackupPlan } from './repository/plan.ts';
export { parseRecoveryDate, type RecoveryDate } from './repository/recovery-date.ts';
export { type ByteSource, memorySource, openFileSource } from './system/byte-source.ts';
export { Failure, type FailureCode } from './system/failure.ts';
