import * as v from 'valibot';
import { BlobRecordSchema } from '../../blobs/layout/record.ts';
import { BackupRecordSchema } from '../../repository/layout/backup-record.ts';
import { Count, Md5, PathSchema, Sha256, StoredObjectSchema } from './stored-object.ts';

const DataFileDetailsSchema = v.object({
  /** Of the bytes of the Data.fs, as the `.dat` has it. */
  md5: Md5,
  /**
   * What lies beside it in a repository, of the file as {@link CopiedDataFile} names it; without samples where the
   * file is an earlier one of the chain. Absent: there is none.
   */
  record: v.optional(BackupRecordSchema),
});

/** A file of a copy of a blob directory that is no blob: its layout, as a rule. */
const OtherFileSchema = v.object({
  /** Below the blob directory. */
  path: PathSchema,
  sizeBytes: Count,
  /** Of its bytes. */
  sha256: Sha256,
  stored: StoredObjectSchema,
});
export type CopiedOtherFile = v.InferOutput<typeof OtherFileSchema>;

export const PointDetailsSchema = v.object({
  /** By stamp: those of the data file, and of the earlier ones that the record has. */
  data: v.record(v.string(), DataFileDetailsSchema),
  /** Id of the repository; absent: it has none. */
  repository: v.optional(v.object({ id: v.string(), since: v.string() })),
  /** The records of the copy or of the archives, by their names there; of another program's, none. */
  blobRecords: v.record(v.string(), BlobRecordSchema),
  /** How the blob directory is divided; absent where there is no copy of it. */
  layout: v.optional(v.picklist(['bushy', 'lawn'])),
  /** In a copy of a blob directory. */
  others: v.pipe(v.array(OtherFileSchema), v.readonly()),
});

/** What a record says of a restore point that names paths and users, or tells what the data is. */
export type PointDetails = v.InferOutput<typeof PointDetailsSchema>;
export type DataFileDetails = v.InferOutput<typeof DataFileDetailsSchema>;

/** Undefined where it is none of ours, or of a later version. */
export function decodePointDetails(details: unknown): PointDetails | undefined {
  const result = v.safeParse(PointDetailsSchema, details);
  return result.success ? result.output : undefined;
}
