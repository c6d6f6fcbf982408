import * as v from 'valibot';
import type { Judgement, PartJudgement, Reason } from '../../../repository/judgement.ts';
import type { Check } from '../../../repository/records/check-results.ts';
import { DEPTHS } from '../../format/record-words.ts';
import { describeReason } from '../judgements.ts';
import { Count, Moment, maybe, Seconds, said } from './values.ts';

/** How deep a look was, the shallowest first. */
const Depth = v.picklist(Object.values(DEPTHS));

const ReasonSchema = v.strictObject({
  code: v.picklist(['files', 'record', 'stored', 'database', 'incomplete', 'gone', 'amount']),
  message: v.string(),
  faults: maybe(
    'what a verification found',
    v.strictObject({
      where: said(
        '`stored`: the files have changed since they were written. `database`: the site itself had the faults',
        v.picklist(['stored', 'database']),
      ),
      names: said('at most 100', v.array(v.string())),
      count: Count,
    }),
  ),
});

const PartSchema = v.strictObject({
  verdict: v.picklist(['good', 'unknown', 'bad']),
  depth: maybe('depth of the deepest verification that found no fault', Depth),
  reasons: maybe('why it is bad', v.array(ReasonSchema)),
});

/** What a restore point is worth. */
export const JudgementSchema = v.strictObject({
  run: said(
    'the state of the run that made it. `alone`: no blobs belong to it. `unrecorded`: another program made it',
    v.picklist(['unrecorded', 'alone', 'complete', 'incomplete']),
  ),
  data: said('the Data.fs', PartSchema),
  blobs: PartSchema,
});

export const LookSchema = v.strictObject({
  depth: Depth,
  outcome: v.picklist(['good', 'bad']),
  time: Moment,
  seconds: Seconds,
});

export function judgementAsJson({
  data,
  blobs,
  run,
}: Judgement): v.InferOutput<typeof JudgementSchema> {
  return { run, data: partAsJson(data), blobs: partAsJson(blobs) };
}

function partAsJson(part: PartJudgement): v.InferOutput<typeof PartSchema> {
  switch (part.kind) {
    case 'good':
      return { verdict: part.kind, depth: part.depth && DEPTHS[part.depth] };
    case 'unknown':
      return { verdict: part.kind };
    case 'bad':
      return { verdict: part.kind, reasons: part.reasons.map(reasonAsJson) };
    default:
      return part satisfies never;
  }
}

function reasonAsJson(reason: Reason): v.InferOutput<typeof ReasonSchema> {
  const faults = 'check' in reason ? reason.check.faults : undefined;
  return {
    code: reason.kind,
    message: describeReason(reason),
    faults: faults && { ...faults, names: [...faults.names] },
  };
}

/** Each look as a whole, bad where one of its parts is; the newest last. */
export function looksAsJson(checks: readonly Check[]): v.InferOutput<typeof LookSchema>[] {
  const looks = new Map<string, v.InferOutput<typeof LookSchema>>();
  for (const { kind, outcome, at: time, seconds } of checks) {
    const depth = DEPTHS[kind];
    const before = looks.get(`${depth} ${time}`)?.outcome;
    const worse = before === 'bad' ? before : outcome;
    looks.set(`${depth} ${time}`, { depth, outcome: worse, time, seconds });
  }
  return [...looks.values()];
}
