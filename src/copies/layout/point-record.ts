import * as v from 'valibot';
import { parseStamp } from '../../repository/layout/stamp.ts';
import { encodeJsonRecord } from '../../stores/json-record.ts';
import { parseJson } from '../../system/parse-json.ts';
import { POINT_PARTS, parsePointKey } from './keys.ts';
import { PLACE_KINDS } from './place.ts';
import {
  Count,
  KeySchema,
  NameSchema,
  Sha256,
  StoredObjectSchema,
  TidText,
} from './stored-object.ts';

export const StampSchema = v.pipe(
  v.string(),
  v.transform(parseStamp),
  v.custom<NonNullable<ReturnType<typeof parseStamp>>>((stamp) => stamp !== undefined),
);

/** The record of a point, named from another. */
export const PointLinkSchema = v.object({
  key: v.pipe(
    KeySchema,
    v.check((key) => parsePointKey(key) !== undefined),
  ),
  /** Of that record's bytes. */
  sha256: Sha256,
});

/** A data file of a chain, in clear: what a list of restore points shows. */
const DataFileSchema = v.object({
  stamp: StampSchema,
  /** As the file is called in a repository, when it is read from its {@link stored} form: `STAMP.fsz`. */
  name: NameSchema,
  /** Of that file. */
  sizeBytes: Count,
  /** The bytes of the Data.fs that it holds. */
  start: Count,
  end: Count,
  /** Of the transactions in it; absent where nobody has counted them, or it has none. */
  firstTid: v.optional(TidText),
  /** Of the last transaction in front of `end`. */
  lastTid: v.optional(TidText),
  transactionCount: v.optional(Count),
  stored: StoredObjectSchema,
  /**
   * Of a gzip file of many members, how long each is: `system/streams/gzip/member-lengths`. Absent: whoever reads it at
   * random finds one after the other.
   */
  members: v.optional(StoredObjectSchema),
});
export type CopiedDataFile = v.InferOutput<typeof DataFileSchema>;

const DataSchema = v.object({
  /** The data file of this point. */
  file: DataFileSchema,
  /** Those of its chain that come before it, oldest first: all, or up to the point that `continues` names. */
  earlier: v.pipe(v.array(DataFileSchema), v.readonly()),
  /** A point of the same chain: its data files come before {@link earlier}. Absent: `earlier` has them all. */
  continues: v.optional(PointLinkSchema),
  /** `STAMP.index`; absent: there is none. */
  index: v.optional(StoredObjectSchema),
  /** `STAMP.records`; absent: there is none. */
  records: v.optional(StoredObjectSchema),
});

const ArchiveSchema = v.object({
  stamp: StampSchema,
  /** As the archive is called in a folder of blob backups, with its stamp: `blobstorage.STAMP.delta.tar.gz`. */
  name: NameSchema,
  /** Of that file. */
  sizeBytes: Count,
  stored: StoredObjectSchema,
});
export type CopiedArchive = v.InferOutput<typeof ArchiveSchema>;

/** What tells which chains are of one database, and what is wrong with the Data.fs that was backed up: in clear. */
const SourceSchema = v.object({
  /** The same for all backups of a repository that were made of a Data.fs at one path; tells nothing else. */
  id: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/))),
  /**
   * What the run knew that made the full backup of the chain: the Data.fs lacked something of what had been backed up
   * before, or nobody could tell. Absent: neither.
   */
  doubt: v.optional(v.picklist(['lacks', 'may-lack'])),
});
export type CopiedSource = v.InferOutput<typeof SourceSchema>;

const BlobsSchema = v.variant('kind', [
  /** The storage has none, or they aren't backed up. */
  v.object({ kind: v.literal('none') }),
  /** They are backed up, and a restore of this point finds none. */
  v.object({ kind: v.literal('missing') }),
  /** A copy of the blob directory: each revision is an object. */
  v.object({
    kind: v.literal('directory'),
    /** Of the blob backup: an older one where the point has none of its own. */
    stamp: StampSchema,
    /** As the copy is called in a folder of blob backups, with its stamp: `blobstorage.STAMP`. */
    name: NameSchema,
    /** Name of the blob directory. */
    base: NameSchema,
    manifest: StoredObjectSchema,
    /** Files of it that are no blobs; their paths are in the details. */
    others: v.pipe(v.array(StoredObjectSchema), v.readonly()),
    /** Of the files, all of them. */
    files: Count,
    bytes: Count,
  }),
  /** An archive, with those that it continues, oldest first. */
  v.object({
    kind: v.literal('archives'),
    stamp: StampSchema,
    base: NameSchema,
    archives: v.pipe(v.array(ArchiveSchema), v.minLength(1), v.readonly()),
  }),
]);
export type CopiedBlobs = v.InferOutput<typeof BlobsSchema>;

/** What stays closed to others, as text: see `point-details.ts`. */
const SealedDetailsSchema = v.variant('kind', [
  v.object({ kind: v.literal('clear'), details: v.unknown() }),
  /** In base64: encrypted to the recipients of the copy. */
  v.object({ kind: v.literal('age'), content: v.pipe(v.string(), v.base64()) }),
]);
export type WrittenDetails = v.InferOutput<typeof SealedDetailsSchema>;

/** Which restore point it is, and what came before it: as its record says it, and what stays when that is gone. */
export const POINT_ENTRIES = {
  /** Grows when a reader of the older form would go wrong. */
  format: v.literal(1),
  tool: v.string(),
  /** The same as in its key. */
  storage: v.string(),
  kind: v.picklist(PLACE_KINDS),
  stamp: StampSchema,
  sequence: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** The one that came to the copy of this site before it, be it of another place; null: it is the first. */
  before: v.nullable(PointLinkSchema),
} as const;

export const PointRecordSchema = v.object({
  ...POINT_ENTRIES,
  copiedAt: v.string(),
  /** When the backup was made, where that is known. */
  madeAt: v.optional(v.string()),
  /** As the run that made it has written it down: see `repository/records/completion.ts`. */
  run: v.picklist(['unrecorded', 'alone', 'complete', 'incomplete']),
  part: v.picklist(POINT_PARTS),
  /** Null where only blobs are backed up. */
  data: v.nullable(DataSchema),
  source: v.optional(SourceSchema),
  blobs: BlobsSchema,
  details: SealedDetailsSchema,
});

/**
 * A restore point in a copy: all that a restore of it needs to know, but for the list of its blobs. Written last, once,
 * and never changed: while it isn't there, nothing of its point counts.
 */
export type PointRecord = v.InferOutput<typeof PointRecordSchema>;

/** Undefined where the text is none of ours, or of a later version. */
export function decodePointRecord(text: string): PointRecord | undefined {
  return parseJson(text, PointRecordSchema);
}

export function encodePointRecord(record: PointRecord): Uint8Array {
  return encodeJsonRecord(record);
}
