import * as v from 'valibot';
import { formatOid, type Oid, oidFrom } from '../../filestorage/oid.ts';
import { formatTid, parseTid, type Tid } from '../../filestorage/tid.ts';
import { parseJson } from '../../system/parse-json.ts';
import type { BlobName } from './keys.ts';
import { arrayInLines, inPieces } from './listed-json.ts';
import { StampSchema } from './point-record.ts';
import { StoredFormSchema } from './stored-form.ts';
import { Count, Sha256, StoredObjectSchema, TidText } from './stored-object.ts';

/** A revision of a blob that a copy has. */
export interface BlobEntry extends BlobName {
  readonly oid: Oid;
  readonly tid: Tid;
  /** Of the blob. */
  readonly sizeBytes: number;
  /** In hex, of the bytes as they are stored. */
  readonly sha256: string;
  /**
   * What follows the tid in its key. Absent in the first object of a revision; others have one, so that no object is
   * ever written over: those whose content differs from what the copy has under the same oid and tid, and what a
   * killed run has left in a form whose bytes differ each time.
   */
  readonly suffix?: string | undefined;
  /** Of the object, where that isn't the blob as it is. */
  readonly storedBytes?: number | undefined;
}

/** The blobs of a restore point. */
export interface BlobManifest {
  readonly stamp: v.InferOutput<typeof StampSchema>;
  /** How all blobs of this manifest, and of its base, are stored. */
  readonly form: v.InferOutput<typeof StoredFormSchema>;
  /**
   * A manifest without a base, to which {@link blobs} are added and from which {@link gone} are taken. Absent: `blobs`
   * has them all.
   */
  readonly base?: v.InferOutput<typeof StoredObjectSchema> | undefined;
  readonly blobs: readonly BlobEntry[];
  readonly gone: readonly { readonly oid: Oid; readonly tid: Tid }[];
}

const OidText = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
const Suffix = v.pipe(v.string(), v.regex(/^[0-9a-f]{1,64}$/));

/** `[oid, tid, size, sha256]`, then the suffix, or null, and the size of the object, where the entry has them. */
const EntrySchema = v.union([
  v.strictTuple([OidText, TidText, Count, Sha256]),
  v.strictTuple([OidText, TidText, Count, Sha256, Suffix]),
  v.strictTuple([OidText, TidText, Count, Sha256, v.nullable(Suffix), Count]),
]);

/** Made one by one: a list of a million is in memory once as JSON, and once as this. */
const BlobEntrySchema = v.pipe(
  EntrySchema,
  v.transform(([oidText, tidText, sizeBytes, sha256, suffix, storedBytes]): BlobEntry => {
    const { oid, tid } = revisionOf(oidText, tidText);
    return { oid, tid, sizeBytes, sha256, suffix: suffix ?? undefined, storedBytes };
  }),
);

const ManifestSchema = v.object({
  format: v.literal(1),
  stamp: StampSchema,
  form: StoredFormSchema,
  base: v.optional(StoredObjectSchema),
  blobs: v.array(BlobEntrySchema),
  gone: v.array(v.strictTuple([OidText, TidText])),
});

/** Undefined where the text is none of ours, or of a later version. */
export function decodeBlobManifest(text: string): BlobManifest | undefined {
  const read = parseJson(text, ManifestSchema);
  if (read === undefined) return undefined;
  return {
    ...{ stamp: read.stamp, form: read.form, base: read.base, blobs: read.blobs },
    gone: read.gone.map(([oid, tid]) => revisionOf(oid, tid)),
  };
}

/** JSON with a blob in each line, in the order in which they are given, in pieces. */
export function encodeBlobManifest(manifest: BlobManifest): Generator<Uint8Array> {
  return inPieces(textsOf(manifest));
}

function* textsOf({ stamp, form, base, blobs, gone }: BlobManifest): Generator<string> {
  yield JSON.stringify({ format: 1, stamp, form, ...(base && { base }) }).slice(0, -1);
  yield ',"blobs":';
  yield* arrayInLines(encodedBlobs(blobs));
  yield ',"gone":';
  yield* arrayInLines(encodedRevisions(gone));
  yield '}\n';
}

function* encodedBlobs(blobs: BlobManifest['blobs']): Generator<readonly unknown[]> {
  for (const { oid, tid, sizeBytes, sha256, suffix, storedBytes } of blobs)
    yield [
      ...[formatOid(oid), formatTid(tid), sizeBytes, sha256],
      ...(suffix === undefined && storedBytes === undefined ? [] : [suffix ?? null]),
      ...(storedBytes === undefined ? [] : [storedBytes]),
    ];
}

function* encodedRevisions(revisions: BlobManifest['gone']): Generator<readonly string[]> {
  for (const { oid, tid } of revisions) yield [formatOid(oid), formatTid(tid)];
}

/** All blobs of a restore point, in no order. @param base - what `manifest.base` names */
export function blobsOf(
  { blobs, gone }: BlobManifest,
  base: BlobManifest | undefined,
): readonly BlobEntry[] {
  if (base === undefined) return blobs;
  const others = new Set([...blobs, ...gone].map(revisionKey));
  return [...base.blobs.filter((one) => !others.has(revisionKey(one))), ...blobs];
}

/** Tells revisions apart in a map. */
export function revisionKey({ oid, tid }: { readonly oid: Oid; readonly tid: Tid }): string {
  return `${formatOid(oid)}/${formatTid(tid)}`;
}

function revisionOf(oid: string, tid: string): { readonly oid: Oid; readonly tid: Tid } {
  const parsed = parseTid(tid);
  if (parsed === undefined) throw new RangeError('the schema lets tids through only');
  return { oid: oidFrom(BigInt(`0x${oid}`)), tid: parsed };
}
