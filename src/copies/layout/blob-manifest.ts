import * as v from 'valibot';
import { formatOid, type Oid } from '../../filestorage/oid.ts';
import { formatTid, type Tid } from '../../filestorage/tid.ts';
import { BlobList } from './blob-list.ts';
import { arrayInLines, inPieces } from './listed-json.ts';
import { StampSchema } from './point-record.ts';
import { StoredFormSchema } from './stored-form.ts';
import { StoredObjectSchema } from './stored-object.ts';

/**
 * The blobs of a restore point. It is JSON, and that of each blob is a line, so that a reader needs no more at once:
 *
 * ```
 * {"format":1,"stamp":"2026-03-01-04-05-06","form":[],"blobs":[
 * ["000000000000000e","040d3526b672e077",4096,"sha256 in hex"],
 * ["000000000000000f","040d3526b672e077",4096,"sha256 in hex"]
 * ],"gone":[]}
 * ```
 */
export interface BlobManifest extends ManifestHead {
  readonly blobs: BlobList;
  readonly gone: readonly { readonly oid: Oid; readonly tid: Tid }[];
}

/** What it says of all of them. */
export interface ManifestHead {
  readonly stamp: v.InferOutput<typeof StampSchema>;
  /** How all blobs of this manifest, and of its base, are stored. */
  readonly form: v.InferOutput<typeof StoredFormSchema>;
  /**
   * A manifest without a base, to which `blobs` are added and from which `gone` are taken. Absent: `blobs` has them all.
   */
  readonly base?: v.InferOutput<typeof StoredObjectSchema> | undefined;
}

/** What begins the lines of each array. */
export const [BLOBS, GONE] = ['"blobs":[', '"gone":['];

/** A manifest without the lines of its arrays. */
export const ManifestHeadSchema = v.object({
  format: v.literal(1),
  stamp: StampSchema,
  form: StoredFormSchema,
  base: v.optional(StoredObjectSchema),
  blobs: v.pipe(v.array(v.unknown()), v.empty()),
  gone: v.pipe(v.array(v.unknown()), v.empty()),
});

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
export function blobsOf({ blobs, gone }: BlobManifest, base: BlobManifest | undefined): BlobList {
  if (base === undefined) return blobs;
  const others = new Set(gone.map(revisionKey));
  const all = new BlobList();
  for (const one of base.blobs) if (!others.has(revisionKey(one))) all.add(one);
  for (const one of blobs) all.add(one);
  return all;
}

function revisionKey({ oid, tid }: { readonly oid: Oid; readonly tid: Tid }): string {
  return `${formatOid(oid)}/${formatTid(tid)}`;
}
