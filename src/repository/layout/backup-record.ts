import * as v from 'valibot';
import type { ByteRange } from '../../system/files/byte-source.ts';
import { parseJson } from '../../system/parse-json.ts';

const hex = (digits: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${digits}}$`)));
const offset = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const SampleSchema = v.object({ start: offset, end: offset, sha256: hex(64) });

export const BackupRecordSchema = v.object({
  /** Grows when a reader of an older form would go wrong. 1 says nothing of `blobs`. */
  format: v.picklist([1, 2]),
  tool: v.string(),
  source: v.string(),
  madeAt: v.string(),
  start: offset,
  end: offset,
  md5: hex(32),
  /** Of the transactions in this file; null where there are none. */
  firstTid: v.nullable(hex(16)),
  /** Of the last transaction in front of `end`, in whichever file it is. */
  lastTid: hex(16),
  transactionCount: offset,
  stored: v.object({ name: v.string(), sizeBytes: offset, sha256: hex(64) }),
  index: v.object({ sizeBytes: offset, sha256: hex(64) }),
  /** Of the record index; absent where an earlier version made the backup. */
  records: v.optional(v.object({ sizeBytes: offset, sha256: hex(64) })),
  samples: v.array(SampleSchema),
  /** True for a full backup of a Data.fs that lacked the end of what had been backed up before. */
  lostEnd: v.optional(v.boolean()),
  /** True for a full backup beside those of another copy of the database, which had gone on by itself. */
  otherCopy: v.optional(v.boolean()),
  /** True for a full backup of a Data.fs that may lack the end of what had been backed up before, if no pack removed it. */
  mayLack: v.optional(v.boolean()),
  /** In a full backup of a Data.fs that was damaged: the first bytes that are others, and their transaction. */
  overwritten: v.optional(v.object({ position: offset, tid: hex(16) })),
  /** Of a full backup: the state that the Data.fs goes on from, as far as that is known. */
  continues: v.optional(
    v.object({
      /** Stamp of the full backup with which the chain begins that has it. */
      chain: v.string(),
      /** Its last transaction. */
      tid: hex(16),
      /** When a restore, or what undid one, had put that state there; absent: none is known. */
      restoredAt: v.optional(v.string()),
    }),
  ),
  /** True where the settings said that the Data.fs holds only the changes of a DemoStorage: the rest is in its base. */
  changes: v.optional(v.boolean()),
  /**
   * What the run was to back up with this file: the blobs of its moment, to a folder (its real path), or none (null).
   * Where they belong to it, the backup is complete when its mark is there: see `completion.ts`. Absent in format 1,
   * and where another program made the backup: then nobody has promised anything.
   */
  blobs: v.optional(v.nullable(v.object({ folder: v.string() }))),
});

/**
 * `STAMP.json` beside a data file: what repozo's files have no place for. A repository without it can be
 * restored; with it, more can be checked, and quickly. It is visible before the data file is.
 */
export type BackupRecord = v.InferOutput<typeof BackupRecordSchema>;

/** A few bytes of the Data.fs, by which it is recognised without reading all of it. */
export type Sample = ByteRange & { readonly sha256: string };

/** Undefined where the text is none of ours, or of a later version. */
export function decodeBackupRecord(text: string): BackupRecord | undefined {
  return parseJson(text, BackupRecordSchema);
}

export function encodeBackupRecord(record: BackupRecord): string {
  return `${JSON.stringify(record, undefined, 1)}\n`;
}
