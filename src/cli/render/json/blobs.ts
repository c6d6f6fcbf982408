import * as v from 'valibot';
import type { BlobContent } from '../../../blobs/layout/blob-content.ts';
import type { BelongingBlobs } from '../../../blobs/ownership/blobs-of-points.ts';
import { describeGone } from '../judgements.ts';
import { Bytes, Count, maybe, said } from './values.ts';

/** A backup of blobs: the same in every command. */
export const BlobsSchema = v.strictObject({
  state: said(
    '`made`: by this run. `unchanged`: there was nothing new. `found`: a restore takes them. `missing`: there should be some. `none`: the storage has no blobs, or the site does not back them up',
    v.picklist(['made', 'unchanged', 'found', 'missing', 'none']),
  ),
  name: maybe('name of the copy or archive, in the folder with the blob backups', v.string()),
  form: v.optional(v.picklist(['directory', 'archive', 'delta'])),
  match: maybe(
    '`exact`: made with this very restore point. `after`: made later, but before the next restore point, so it has all blobs. `earlier` and `later`: made with another restore point, so it may lack some blobs',
    v.picklist(['exact', 'after', 'earlier', 'later']),
  ),
  files: maybe('number of blobs; absent if it is unknown', Count),
  sizeBytes: maybe('size of all blobs', Bytes),
  reason: maybe('why they are missing', v.string()),
});
export type JsonBlobs = v.InferOutput<typeof BlobsSchema>;

/** The blobs that a restore of a point would take. */
export function blobsAsJson(blobs: BelongingBlobs): JsonBlobs {
  switch (blobs.kind) {
    case 'none':
      return { state: 'none' };
    case 'missing':
      return { state: 'missing', reason: describeGone(blobs.why) };
    case 'found': {
      const { name, match, content } = blobs;
      return { state: 'found', name, match, ...contentAsJson(content) };
    }
    default:
      return blobs satisfies never;
  }
}

export function contentAsJson(
  content: BlobContent | undefined,
): Pick<JsonBlobs, 'files' | 'sizeBytes'> {
  return content === undefined ? {} : { files: content.files, sizeBytes: content.bytes };
}
