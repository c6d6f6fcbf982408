import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { parseStamp } from '../../repository/layout/stamp.ts';
import { adopting } from '../../system/failure.ts';
import { openFileSource } from '../../system/files/byte-source.ts';
import { writeNewFile } from '../../system/files/new-file.ts';
import { type Rights, USUAL } from '../../system/files/rights.ts';
import { readSmallFileIfFit } from '../../system/files/small-file.ts';
import { parseJson } from '../../system/parse-json.ts';
import type { EntryForm } from './entry-name.ts';

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const StampText = v.pipe(
  v.string(),
  v.transform(parseStamp),
  v.custom<NonNullable<ReturnType<typeof parseStamp>>>((stamp) => stamp !== undefined),
);

const LostBlobsSchema = v.object({
  /** Of the copy that has them. */
  stamp: StampText,
  count: Count,
  /** Paths below the blob directory; not of all of them, where they are many. */
  paths: v.pipe(v.array(v.string()), v.readonly()),
});

/** Blobs that the live directory had lost when a copy was made. */
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

const RECORD_IN_DIRECTORY = '.zodbvault.json';

/** Where the record of an entry is. */
export function recordPath(
  folder: string,
  { name, form }: { readonly name: string; readonly form: EntryForm },
): string {
  return form === 'directory'
    ? join(folder, name, RECORD_IN_DIRECTORY)
    : join(folder, `${name}.json`);
}

/** Undefined where there is none, or one that this version can't read. */
export async function readRecord(path: string): Promise<BlobRecord | undefined> {
  const text = await readSmallFileIfFit(path);
  return text === undefined ? undefined : decodeBlobRecord(text);
}

/** Undefined where the text is none of ours, or of a later version. */
export function decodeBlobRecord(text: string): BlobRecord | undefined {
  return parseJson(text, BlobRecordSchema);
}

/** Puts the record in its place, complete and synced. */
export async function writeRecord(
  path: string,
  record: BlobRecord,
  { rights = USUAL }: { readonly rights?: Rights } = {},
): Promise<void> {
  await writeNewFile(path, Buffer.from(`${JSON.stringify(record, undefined, 1)}\n`), { rights });
}

const EDGE_BYTES = 1 << 16;

/** What tells an archive from others without reading it. */
export interface Edges {
  readonly sizeBytes: number;
  readonly edges: string;
}

/** Whether a record speaks of the archive with these edges. */
export function isRecordOf(record: BlobRecord | undefined, { sizeBytes, edges }: Edges): boolean {
  return record?.archive?.sizeBytes === sizeBytes && record.archive.edges === edges;
}

/** What tells whether a record still belongs to the archive beside it: a rotation may have moved it. */
export async function readEdges(path: string): Promise<Edges> {
  return adopting(`read "${path}"`, async () => {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      const length = Math.min(size, EDGE_BYTES);
      const edges = Buffer.alloc(2 * length);
      await handle.read(edges, 0, length, 0);
      await handle.read(edges, length, length, size - length);
      return { sizeBytes: size, edges: createHash('sha256').update(edges).digest('hex') };
    } finally {
      await handle.close();
    }
  });
}

/** What a record says of a file. */
export async function describeFile(
  path: string,
): Promise<{ sizeBytes: number; sha256: string; edges: string }> {
  const hash = createHash('sha256');
  await using source = await openFileSource(path);
  for await (const chunk of source.stream({ start: 0, end: source.sizeBytes })) hash.update(chunk);
  return { ...(await readEdges(path)), sha256: hash.digest('hex') };
}
