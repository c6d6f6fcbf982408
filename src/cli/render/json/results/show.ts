import * as v from 'valibot';
import type { BelongingBlobs } from '../../../../blobs/ownership/blobs-of-points.ts';
import type { PointContents } from '../../../../operations/inspect/show.ts';
import { BlobsSchema, blobsAsJson } from '../blobs.ts';
import { ofState, stateAsJson } from '../point.ts';
import { Bytes, Count, Moment, maybe, ofPlace, type Result, said } from '../values.ts';
import { DescribedSchema } from './content/show-object.ts';

const ContentsSchema = v.strictObject({
  ...ofPlace,
  ...ofState,
  dataFsBytes: Bytes,
  transactions: Count,
  records: Count,
  firstTime: maybe('of the first transaction', Moment),
  lastTime: maybe('of the last transaction', Moment),
  objects: said('objects at this point; the rest of the Data.fs is their history', Count),
  objectBytes: said('of their records', Bytes),
  classes: said(
    'the largest first',
    v.array(v.strictObject({ name: v.string(), objects: Count, sizeBytes: Bytes })),
  ),
  blobs: BlobsSchema,
});

export const showResult = {
  points: said('one for each storage; none where an object is shown', v.array(ContentsSchema)),
  object: maybe('with a path', DescribedSchema),
};
export type ShowResult = Result<typeof showResult>;

export function contentsAsJson(
  { stamp, cut, classes, ...contents }: PointContents,
  blobs: BelongingBlobs,
): Omit<v.InferOutput<typeof ContentsSchema>, 'site' | 'storage' | 'kind'> {
  return {
    ...stateAsJson(stamp, cut),
    ...contents,
    classes: classes.map(({ name, objects, bytes }) => ({ name, objects, sizeBytes: bytes })),
    blobs: blobsAsJson(blobs),
  };
}
