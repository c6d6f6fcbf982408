import * as v from 'valibot';
import type { PlannedPoint, StoragePrunePlan } from '../../../../operations/backup/prune-site.ts';
import type { PricedPoint } from '../../../../operations/copies/prune/price-points.ts';
import { describeRemoval } from '../../removals.ts';
import { describeStay } from '../../retention.ts';
import { ofPoint, pointAsJson } from '../point.ts';
import { Bytes, Label, maybe, Outcome, ofPlace, type Result, said } from '../values.ts';

const PointSchema = v.strictObject({
  ...ofPlace,
  ...ofPoint,
  copy: maybe('with `--from`: the place of the copy', v.string()),
  type: said(
    '`blobs` and `delta`, an archive that goes on from another one, are in copies of sites that back up only blobs',
    v.picklist(['full', 'increment', 'blobs', 'delta']),
  ),
  stays: v.boolean(),
  reasons: said('why it stays, or why it goes', v.array(v.string())),
  bytes: said(
    'of one that goes: what that frees. Of one that stays: what would be free besides if it did not stay, with what only it needs; 0 if another one that stays needs it',
    Bytes,
  ),
});

export const pruneResult = {
  outcome: Outcome,
  points: maybe(
    'with `--dry-run`: all restore points, oldest first in each folder',
    v.array(PointSchema),
  ),
  blobRemovals: maybe(
    'with `--dry-run`: backups of blobs that would be deleted',
    v.array(v.strictObject({ ...ofPlace, reason: v.string(), fileNames: v.array(v.string()) })),
  ),
  freedBytes: maybe('with `--dry-run`: what it would free on the disk', Bytes),
  removed: maybe(
    'what was deleted',
    v.array(
      v.strictObject({
        site: Label.site,
        storage: Label.storage,
        fileNames: v.array(v.string()),
      }),
    ),
  ),
  removedPoints: maybe(
    'with `--from`: the restore points that were deleted in the copy',
    v.array(v.strictObject({ ...ofPlace, ...ofPoint, copy: v.string() })),
  ),
};
export type PruneResult = Result<typeof pruneResult>;

type Labels = {
  readonly site: string;
  readonly storage: string;
  readonly kind: 'backup' | 'snapshot' | 'zip';
};

export function plannedAsJson(
  labels: Labels,
  { kind: type, ...point }: PlannedPoint,
): v.InferOutput<typeof PointSchema> {
  return { ...labels, ...verdictAsJson({ type, ...point }) };
}

/** The same of a copy. */
export function pricedAsJson(
  { place, part: type, ...point }: PricedPoint,
  { site, url: copy }: NamedCopy,
): v.InferOutput<typeof PointSchema> {
  return { site, ...place, copy, ...verdictAsJson({ type, ...point }) };
}

export function goneAsJson(
  { place, stamp }: Pick<PricedPoint, 'place' | 'stamp'>,
  { site, url: copy }: NamedCopy,
): NonNullable<PruneResult['removedPoints']>[number] {
  return { site, ...place, ...pointAsJson(stamp), copy };
}

interface NamedCopy {
  /** Name of the site there. */
  readonly site: string;
  readonly url: string;
}

function verdictAsJson({
  stamp,
  type,
  reasons,
  removal,
  bytes,
}: Pick<PricedPoint, 'stamp' | 'reasons' | 'removal' | 'bytes'> & {
  readonly type: PricedPoint['part'];
}) {
  return {
    ...pointAsJson(stamp),
    type,
    stays: removal === undefined,
    reasons: removal === undefined ? reasons.map(describeStay) : [describeRemoval(removal)],
    bytes,
  };
}

export function blobRemovalsAsJson(
  labels: Labels,
  { blobRemovals }: StoragePrunePlan,
): NonNullable<PruneResult['blobRemovals']> {
  return blobRemovals.map(({ reason, fileNames }) => ({
    ...labels,
    reason: describeRemoval(reason),
    fileNames: [...fileNames],
  }));
}
