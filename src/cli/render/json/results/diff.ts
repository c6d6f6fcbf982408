import * as v from 'valibot';
import type { BlobContent } from '../../../../blobs/layout/blob-content.ts';
import type {
  ComparedState,
  QuickComparison,
} from '../../../../operations/inspect/compare-quickly.ts';
import type { ObjectCount, PointDifference } from '../../../../operations/inspect/diff.ts';
import { wordsOfCut } from '../../../../repository/moment/cut.ts';
import { cutOf } from '../../../../repository/restore-point.ts';
import { summaryOfObject } from '../content.ts';
import { ofState, stateAsJson } from '../point.ts';
import {
  Bytes,
  Count,
  Id,
  Kind,
  Label,
  maybe,
  ofPlace,
  type Result,
  Stamp,
  said,
} from '../values.ts';

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

const ComparedSchema = v.strictObject({
  dataFs: maybe('path, if it was a Data.fs', v.string()),
  stamp: maybe('of the backup, if it was one', Stamp),
  moment: ofState.moment,
  lastTid: said('of the last transaction; zeros if there is none', Id),
  objects: said('that exist', Count),
  fingerprint: Label.fingerprint,
});

const ComparisonSchema = v.strictObject({
  site: maybe('absent if both are files', Label.site),
  storage: maybe('absent if both are files', Label.storage),
  kind: maybe('absent if both are files', Kind),
  from: ComparedSchema,
  to: ComparedSchema,
  outcome: said(
    '`same`: both have the same objects. `packed`: both end with the same transaction, but only one of them was packed since, and a pack removes objects. `different`: all else',
    v.picklist(['same', 'packed', 'different']),
  ),
  reachable: maybe(
    '`same`: it is `packed`, and all objects that the root leads to are the same; both were verified deeply before',
    v.literal('same'),
  ),
});

/** Blob objects that came, and what was counted in the blob backups of both points. */
export interface BlobsBetween {
  readonly added: number;
  readonly changed: number;
  /** Undefined where there are none, or nobody has counted. */
  readonly from: BlobContent | undefined;
  readonly to: BlobContent | undefined;
}

const PathSchema = v.strictObject({
  path: v.string(),
  change: said(
    '`replaced`: another object has the path now',
    v.picklist(['added', 'removed', 'changed', 'replaced']),
  ),
  oid: said('of what is gone, the one that it had, as all that follows', Id),
  ...summaryOfObject,
});

export const diffResult = {
  differences: said(
    'one for each storage; none with `--quick` or with a path',
    v.array(DifferenceSchema),
  ),
  comparisons: maybe('with `--quick`: one for each storage', v.array(ComparisonSchema)),
  paths: maybe('with a path, in their order', v.array(PathSchema)),
};
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

export function comparisonAsJson({
  from,
  to,
  likeness,
}: QuickComparison): Omit<v.InferOutput<typeof ComparisonSchema>, 'site' | 'storage' | 'kind'> {
  const both = { from: comparedAsJson(from), to: comparedAsJson(to) };
  if (likeness === 'same-reachable') return { ...both, outcome: 'packed', reachable: 'same' };
  return { ...both, outcome: likeness };
}

function comparedAsJson(state: ComparedState): v.InferOutput<typeof ComparedSchema> {
  const { sum, objects } = state.fingerprint;
  const common = { lastTid: state.lastTid, objects, fingerprint: sum };
  if (state.kind === 'file') return { dataFs: state.path, ...common };
  const cut = cutOf(state.point);
  return { stamp: state.point.stamp, moment: cut && wordsOfCut(cut), ...common };
}

function objectsAsJson({ objects, bytes }: ObjectCount): v.InferOutput<typeof Objects> {
  return { objects, sizeBytes: bytes };
}

function countedAsJson(counted: BlobsBetween['from']) {
  return counted && { files: counted.files, sizeBytes: counted.bytes };
}
