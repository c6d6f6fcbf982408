import * as v from 'valibot';
import type { RememberedCopy } from '../../../../operations/copies/remembered-copies.ts';
import type { ListedHead } from '../../../../operations/from-copy/site-heads.ts';
import type { ListedSitePoint } from '../../../../operations/list/list-site.ts';
import { VERBS } from '../../../format/record-words.ts';
import { resultOfRun } from '../../copies.ts';
import { describeProblem, describeProblemOfPoint } from '../../problems.ts';
import { BlobsSchema, blobsAsJson, contentAsJson, type JsonBlobs } from '../blobs.ts';
import { JudgementSchema, judgementAsJson, LookSchema, looksAsJson } from '../judgement.ts';
import { ofPoint, pointAsJson, sizesOfBackup } from '../point.ts';
import {
  Count,
  Kind,
  Label,
  Moment,
  maybe,
  ofPlace,
  ofSite,
  type Result,
  Seconds,
  Stamp,
  said,
} from '../values.ts';

const PointSchema = v.strictObject({
  ...ofPlace,
  ...ofPoint,
  type: said('`blobs`: the site backs up nothing else', v.picklist(['full', 'increment', 'blobs'])),
  ...sizesOfBackup,
  blobs: BlobsSchema,
  problems: said('what is wrong with its files, in words', v.array(v.string())),
  checks: said('what verifications found, the newest last', v.array(LookSchema)),
  judgement: maybe('whether it is good; absent for `blobs`', JudgementSchema),
  tags: maybe('its tags; absent if it has none', v.array(v.string())),
  madeOf: maybe(
    'the Data.fs that it is a backup of, if that is another one',
    v.strictObject({
      path: v.string(),
      relation: said(
        '`copy`: of this database. `database`: another one. `place-before`: the database has moved since',
        v.picklist(['copy', 'database', 'place-before']),
      ),
    }),
  ),
});

const CopySchema = v.strictObject({
  ...ofSite,
  copy: said('its name', v.string()),
  url: said('the place', v.string()),
  completeAt: maybe('when a run last found it complete, or made it so', Moment),
  failure: maybe(
    'why the last run could not copy',
    v.strictObject({ since: Moment, code: v.string(), message: v.string() }),
  ),
});

const CopiedSiteSchema = v.strictObject({
  ...ofSite,
  copiedAt: said('when a run last found the copy complete, or made it so', Moment),
  places: v.array(
    v.strictObject({
      storage: Label.storage,
      kind: Label.kind,
      points: said('restore points that the copy has', Count),
      newest: said('the newest of them', Stamp),
    }),
  ),
  runs: maybe(
    'the last run of each kind, the newest last; absent if no run has noted that yet',
    v.array(
      v.strictObject({
        verb: v.picklist(Object.values(VERBS)),
        kind: v.picklist([...Kind.options, 'all']),
        begun: Moment,
        seconds: Seconds,
        result: said(
          '`killed`: it began and never ended',
          v.picklist(['done', 'warnings', 'failed', 'interrupted', 'killed']),
        ),
        error: maybe('the code of the error that ended it', v.string()),
      }),
    ),
  ),
});

export const listResult = {
  points: said('oldest first in each folder', v.array(PointSchema)),
  copies: maybe(
    'copies elsewhere, as the last runs of this machine left them',
    v.array(CopySchema),
  ),
  sites: maybe('with `--sites`: those that the place has copies of', v.array(CopiedSiteSchema)),
};
export type ListResult = Result<typeof listResult>;

export function copyAsJson({
  copy: { name: copy, url },
  state,
}: RememberedCopy): Omit<v.InferOutput<typeof CopySchema>, 'site'> {
  return { copy, url, completeAt: state?.completeAt, failure: state?.failure };
}

export function copiedSiteAsJson({
  site,
  at: copiedAt,
  places,
  runs,
}: NonNullable<ListedHead['head']>): v.InferOutput<typeof CopiedSiteSchema> {
  return {
    ...{ site, copiedAt, places: places.map((one) => ({ ...one })) },
    runs: runs?.map((run) => {
      const { verb, of: kind, begun, seconds, code: error } = run;
      return { verb: VERBS[verb], kind, begun, seconds, result: resultOfRun(run), error };
    }),
  };
}

type Point = Omit<v.InferOutput<typeof PointSchema>, 'site' | 'storage' | 'kind'>;

export function listedAsJson(one: ListedSitePoint): Point {
  if (one.kind === 'blobs') {
    const { stamp, record } = one.entry;
    const storedBytes = record?.archive?.sizeBytes;
    const [blobs, problems] = [
      ownBlobs(one),
      one.problem === undefined ? [] : [describeProblem(one.problem)],
    ];
    return { ...pointAsJson(stamp), type: 'blobs', storedBytes, blobs, problems, checks: [] };
  }
  const { point, blobs, judgement, madeOf } = one;
  const { stamp, kind, fileName, sizeBytes, storedBytes, dataFsBytes } = point;
  return {
    ...pointAsJson(stamp),
    type: kind,
    ...{ fileName, sizeBytes, storedBytes, dataFsBytes },
    transactions: point.transactionCount,
    lastTid: point.lastTid,
    blobs: blobsAsJson(blobs),
    problems: point.problems.map(describeProblemOfPoint),
    checks: looksAsJson(point.checks),
    judgement: judgementAsJson(judgement),
    tags: point.tags.length === 0 ? undefined : [...point.tags],
    madeOf: madeOf && { path: madeOf.path, relation: madeOf.is },
  };
}

function ownBlobs({
  entry: { name, form },
  content,
  problem,
}: Extract<ListedSitePoint, { readonly kind: 'blobs' }>): JsonBlobs {
  if (problem !== undefined) return { state: 'missing', name, reason: describeProblem(problem) };
  return {
    state: 'found',
    name,
    // The list that a chain of archives goes by is no backup.
    form: form === 'state' ? undefined : form,
    ...contentAsJson(content),
  };
}
