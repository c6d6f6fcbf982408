import * as v from 'valibot';
import type { DeepFinding, DeepVerifiedPoint } from '../../../operations/verify/verify-deep.ts';
import { describeState } from '../deep-findings.ts';
import { ofState, stateAsJson } from './point.ts';
import { Count, Id, Moment, maybe, said } from './values.ts';

/** What a deep look has found. */
export const FindingSchema = v.strictObject({
  result: said('`note`: no damage, but worth knowing', v.picklist(['bad', 'note'])),
  code: v.picklist([
    ...(['file', 'structure', 'tid-order', 'record-tid', 'previous-pointer'] as const),
    ...(['back-pointer', 'pickle', 'root', 'reference', 'index', 'blob'] as const),
  ]),
  message: said('what was found, and what was expected', v.string()),
  fileName: maybe('the file or folder', v.string()),
  oid: maybe('of the object', Id),
  className: maybe('of the object: `module.name`', v.string()),
  tid: maybe('of the transaction', Id),
  time: maybe('of the transaction', Moment),
  user: maybe('who made the transaction', v.string()),
});

/** A restore point that was looked into. */
export const deepPoint = {
  ...ofState,
  problems: Count,
  notes: Count,
  counts: maybe(
    'the contents of the restore point; absent if it could not be read',
    v.strictObject({
      transactions: Count,
      records: Count,
      objects: Count,
      followed: said('objects whose references were followed', Count),
      blobs: said('records of blobs', Count),
    }),
  ),
  findings: v.array(FindingSchema),
};

export function findingAsJson({
  kind,
  problem,
  state,
  file,
  ...more
}: DeepFinding): v.InferOutput<typeof FindingSchema> {
  return {
    result: kind,
    code: problem,
    message: describeState({ state }),
    fileName: file,
    ...more,
  };
}

export function deepPointAsJson({ stamp, cut, findings, counts }: DeepVerifiedPoint) {
  const problems = findings.filter(({ kind }) => kind === 'bad').length;
  return {
    ...stateAsJson(stamp, cut),
    problems,
    notes: findings.length - problems,
    counts,
    findings: findings.map(findingAsJson),
  };
}
