import * as v from 'valibot';
import type { BlobContent } from '../../../../blobs/layout/blob-content.ts';
import type { ObjectCount, PointDifference } from '../../../../operations/inspect/diff.ts';
import { ofState, stateAsJson } from '../point.ts';
import { Bytes, Count, maybe, ofPlace, type Result, said } from '../values.ts';

const Objects = v.strictObject({ objects: Count, sizeBytes: Bytes });
const Point = v.strictObject({ ...ofState, dataFsBytes: Bytes });
const CountedBlobs = v.strictObject({ files: Count, sizeBytes: Bytes });

const DifferenceSchema = v.strictObject({
  ...ofPlace,
  from: Point,
  to: Point,
  way: said(
    '`continued`: the later point is the earlier one with more transactions after it. `compared`: there was a pack, or another full backup, between them',
    v.picklist(['continued', 'compared']),
  ),
  transactions: said('transactions that are newer than the earlier point and still exist', Count),
  transactionBytes: Bytes,
  removed: said('objects that no longer exist', Count),
  classes: said(
    'the largest first',
    v.array(v.strictObject({ name: v.string(), added: Objects, changed: Objects })),
  ),
  blobs: v.strictObject({
    added: said('objects', Count),
    changed: said('objects', Count),
    from: maybe('counted in the blob backup of the earlier point', CountedBlobs),
    to: maybe('counted in the blob backup of the later point', CountedBlobs),
  }),
});

/** Blob objects that came, and what was counted in the blob backups of both points. */
export interface BlobsBetween {
  readonly added: number;
  readonly changed: number;
  /** Undefined where there are none, or nobody has counted. */
  readonly from: BlobContent | undefined;
  readonly to: BlobContent | undefined;
}

export const diffResult = { differences: said('one for each storage', v.array(DifferenceSchema)) };
export type DiffResult = Result<typeof diffResult>;

export function differenceAsJson(
  { from, to, way, transactions, transactionBytes, removed, classes }: PointDifference,
  blobs: BlobsBetween,
): Omit<v.InferOutput<typeof DifferenceSchema>, 'site' | 'storage' | 'kind'> {
  return {
    from: { ...stateAsJson(from.stamp, from.cut), dataFsBytes: from.dataFsBytes },
    to: { ...stateAsJson(to.stamp, to.cut), dataFsBytes: to.dataFsBytes },
    ...{ way, transactions, transactionBytes, removed },
    classes: classes.map(({ name, added, changed }) => ({
      name,
      added: objectsAsJson(added),
      changed: objectsAsJson(changed),
    })),
    blobs: {
      added: blobs.added,
      changed: blobs.changed,
      from: countedAsJson(blobs.from),
      to: countedAsJson(blobs.to),
    },
  };
}

function objectsAsJson({ objects, bytes }: ObjectCount): v.InferOutput<typeof Objects> {
  return { objects, sizeBytes: bytes };
}

function countedAsJson(counted: BlobsBetween['from']) {
  return counted && { files: counted.files, sizeBytes: counted.bytes };
}
