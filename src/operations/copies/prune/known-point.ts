import type { CopiedTags } from '../../../copies/copied-tags.ts';
import type { PointName } from '../../../copies/layout/keys.ts';
import type { CopiedSource } from '../../../copies/layout/point-record.ts';
import type { ReadPoint } from '../../../copies/read-copy.ts';
import { momentOfStamp } from '../../../repository/layout/stamp.ts';
import { dateOfPoint } from '../../../repository/records/date-of-point.ts';
import type { RetentionPoint } from '../../../repository/retention/retention-point.ts';
import type { LocalPoint } from '../local-points.ts';
import { sourceOf } from './copied-source.ts';
import type { CopiedVerdict } from './judge-points.ts';
import type { LocalDoubts } from './local-doubts.ts';

/** A restore point of a copy, or one that belongs there, as far as retention asks. */
export interface KnownPoint extends RetentionPoint, Pick<PointName, 'place' | 'stamp' | 'part'> {
  readonly source: CopiedSource | undefined;
  /** First transaction of the database, of a full backup; undefined: nothing tells. */
  readonly firstTid: string | undefined;
}

/** By its name alone: nothing is known against it. */
export function knownByName(name: PointName, tags: CopiedTags): KnownPoint {
  return {
    ...name,
    madeAt: momentOfStamp(name.stamp),
    isWhole: true,
    isProven: false,
    tags: tags.of(name),
    source: undefined,
    firstTid: undefined,
  };
}

/** By its record, and by what somebody has found out about it. */
export function knownByRecord(
  { name, record }: ReadPoint,
  {
    tags,
    verdict: { isSound, isProven },
    doubts,
  }: {
    readonly tags: CopiedTags;
    readonly verdict: CopiedVerdict;
    readonly doubts: LocalDoubts;
  },
): KnownPoint {
  const { stamp, madeAt, run, blobs, source, data, part } = record;
  return {
    ...name,
    madeAt: dateOfPoint(stamp, madeAt === undefined ? undefined : { madeAt }),
    isWhole: run !== 'incomplete' && blobs.kind !== 'missing' && isSound && doubts.isSound(name),
    isProven: isProven || doubts.isProven(name),
    tags: tags.of(name),
    source,
    firstTid: part === 'full' ? data?.file.firstTid : undefined,
  };
}

/** As the folders of the site have it. */
export function knownHere(
  point: LocalPoint,
  { tags, doubts }: { readonly tags: CopiedTags; readonly doubts: LocalDoubts },
): KnownPoint {
  const { place, stamp, part, run, data } = point;
  const record = data?.link.record;
  return {
    ...{ place, stamp, part },
    madeAt: dateOfPoint(stamp, record),
    isWhole: run !== 'incomplete' && doubts.isSound(point),
    isProven: doubts.isProven(point),
    tags: tags.of(point),
    source: data && sourceOf(data, undefined),
    firstTid: part === 'full' ? (record?.firstTid ?? undefined) : undefined,
  };
}
