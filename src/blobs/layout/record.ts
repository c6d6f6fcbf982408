import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { parseStamp } from '../../repository/layout/stamp.ts';
import { encodeJsonRecord, readJsonRecord, writeJsonRecord } from '../../stores/json-record.ts';
import type { StagedTree } from '../../stores/local-folder.ts';
import type { Store } from '../../stores/store.ts';
import { parseJson } from '../../system/parse-json.ts';
import type { EntryName } from './entry-name.ts';
import { type HeadAndTailHash, readHeadAndTailHash } from './head-and-tail-hash.ts';

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const StampText = v.pipe(
  v.string(),
  v.transform(parseStamp),
  v.custom<NonNullable<ReturnType<typeof parseStamp>>>((stamp) => stamp !== undefined),
);

const LostBlobsSchema = v.object({
  /** Of the backup that has them. */
  stamp: StampText,
  count: Count,
  /** Paths below the blob directory; not of all of them, where they are many. */
  paths: v.pipe(v.array(v.string()), v.readonly()),
});

/** Blobs that the live directory had lost when a backup was made. */
export type LostBlobs = v.InferOutput<typeof LostBlobsSchema>;

export const BlobRecordSchema = v.object({
  /** Grows when a reader of an older form would go wrong. */
  format: v.literal(1),
  tool: v.string(),
  madeAt: v.string(),
  /** The moment of the blobs: that of the Data.fs backup they belong to. */
  stamp: StampText,
  /** Which repository decides how long it stays; null where none does. */
  repository: v.nullable(v.string()),
  /** Where that was when this was made: the real path of its folder. */
  repositoryPath: v.optional(v.string()),
  /** The sha256 of the data file of the Data.fs backup that it was made with; absent where that has no record. */
  dataSha256: v.optional(Sha256),
  /** The real path of the folder that this was made in. */
  folder: v.optional(v.string()),
  /** The real path of the blob directory that this was made of. */
  source: v.optional(v.string()),
  /** `made`: complete when it was recorded. `adopted`: another program made it; nobody has counted. */
  origin: v.picklist(['made', 'adopted']),
  content: v.optional(v.object({ files: Count, bytes: Count })),
  /** Of an archive of a chain: what a restore to it brings, with what the archives before it have. */
  whole: v.optional(v.object({ files: Count, bytes: Count })),
  /** Of an archive: which blobs a restore to it brings. */
  blobs: v.optional(
    v.object({
      count: Count,
      /** The newest transaction of one of them. */
      upTo: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
      /** The XOR of the sha256 of `OID TID`, in hex, of each. */
      digest: Sha256,
    }),
  ),
  /** What the live directory had lost when this was made: as long as it is the newest, nothing old goes. */
  lost: v.optional(v.pipe(v.array(LostBlobsSchema), v.readonly())),
  /** Links in a directory, as paths below its copy: rsync copies those of the live one as they are. */
  links: v.optional(v.pipe(v.array(v.string()), v.readonly())),
  /** Pipes, sockets and devices that an archive of a chain lists and doesn't hold; they begin with `./`. */
  leftOut: v.optional(v.pipe(v.array(v.string()), v.readonly())),
  /** The file with the sums of a directory's files. */
  sums: v.optional(v.object({ sizeBytes: Count, sha256: Sha256 })),
  archive: v.optional(
    v.object({
      sizeBytes: Count,
      sha256: Sha256,
      /** sha256 of the first and the last 64 KiB: tells archives apart without reading them. */
      edges: Sha256,
      /** Name of the archive that a delta continues. */
      continues: v.optional(v.string()),
    }),
  ),
});

/**
 * What a blob backup knows about itself: `.zodbvault.json` inside a directory, `NAME.json` beside an
 * archive. The recipe takes no notice of either.
 */
export type BlobRecord = v.InferOutput<typeof BlobRecordSchema>;

/** What a restore to an entry brings, as its record tells. */
export function contentOf(record: BlobRecord | undefined): BlobRecord['content'] {
  return record?.whole ?? record?.content;
}

export const RECORD_IN_DIRECTORY = '.zodbvault.json';

/** The record of an entry, as messages name it in its store: see `Store.nameOf`. */
export function recordNameOf({ name, form }: Pick<EntryName, 'name' | 'form'>): string {
  return form === 'directory' ? `${name}/${RECORD_IN_DIRECTORY}` : nameBeside(name);
}

/** The name of the record of an archive, or of the state of a chain. */
export function nameBeside(name: string): string {
  return `${name}.json`;
}

/** The record beside an entry, or in it. Undefined where there is none, or one that this version can't read. */
export async function readRecord(
  store: Store,
  { name, form }: Pick<EntryName, 'name' | 'form'>,
): Promise<BlobRecord | undefined> {
  const record =
    form === 'directory'
      ? await readJsonRecord(store.tree(name), RECORD_IN_DIRECTORY, BlobRecordSchema)
      : await readJsonRecord(store, nameBeside(name), BlobRecordSchema);
  return record.kind === 'read' ? record.value : undefined;
}

/** Undefined where the text is none of ours, or of a later version. */
export function decodeBlobRecord(text: string): BlobRecord | undefined {
  return parseJson(text, BlobRecordSchema);
}

/** Puts a record beside an archive, or the state of a chain. */
export async function writeRecordBeside(
  store: Store,
  name: string,
  record: BlobRecord,
): Promise<void> {
  await writeJsonRecord(store, nameBeside(name), record);
}

/** Puts a record into a copy that is being made. */
export async function writeRecordIn(copy: StagedTree, record: BlobRecord): Promise<void> {
  await copy.put(RECORD_IN_DIRECTORY, encodeJsonRecord(record));
}

/** Whether a record speaks of the archive with these edges. */
export function isRecordOf(
  record: BlobRecord | undefined,
  { sizeBytes, edges }: HeadAndTailHash,
): boolean {
  return record?.archive?.sizeBytes === sizeBytes && record.archive.edges === edges;
}

/** What a record says of a file. */
export async function describeFile(
  store: Store,
  name: string,
): Promise<HeadAndTailHash & { readonly sha256: string }> {
  const hash = createHash('sha256');
  await using file = await store.open(name);
  for await (const chunk of file.stream({ start: 0, end: file.sizeBytes })) hash.update(chunk);
  return { ...(await readHeadAndTailHash(file)), sha256: hash.digest('hex') };
}
