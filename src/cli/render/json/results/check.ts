import * as v from 'valibot';
import type { HealthFinding } from '../../../../operations/inspect/health-findings.ts';
import type { Measure } from '../../../../operations/inspect/health-judgement.ts';
import { DEPTHS, VERBS } from '../../../format/record-words.ts';
import { Label, maybe, ofSite, type Result, said } from '../values.ts';

const FindingSchema = v.strictObject({
  ...ofSite,
  storage: maybe('if the finding is about one of several storages', Label.storage),
  state: v.picklist(['ok', 'warning', 'critical', 'unknown']),
  code: said('a code of `check`, or the code of the error that stopped it', v.string()),
  message: v.string(),
  values: said('the facts in the message', v.looseObject({})),
  measure: maybe(
    'the number that was compared with the limits; an absent limit was not set',
    v.strictObject({
      name: v.string(),
      value: v.number(),
      unit: said('seconds, bytes, or a count', v.picklist(['s', 'B', ''])),
      warning: v.optional(v.number()),
      critical: v.optional(v.number()),
    }),
  ),
});

export const checkResult = {
  state: said('the worst of all', v.picklist(['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'])),
  findings: v.array(FindingSchema),
};
export type CheckResult = Result<typeof checkResult>;

type Finding = v.InferOutput<typeof FindingSchema>;

export function checkedAsJson(
  site: string,
  found: {
    readonly storage: string | undefined;
    readonly state: Finding['state'];
    readonly code: string;
    readonly text: string;
    readonly values: object;
    readonly measure: Measure | undefined;
  },
): Finding {
  const { storage, state, code, text: message, values, measure } = found;
  return { site, storage, state, code, message, values: { ...values }, measure: asJson(measure) };
}

/** What a finding speaks of, by the words of commands. */
export function valuesOf({ code: _, ...values }: HealthFinding): object {
  if ('verb' in values) return { ...values, verb: VERBS[values.verb] };
  if ('foundBy' in values) return { ...values, foundBy: DEPTHS[values.foundBy] };
  return values;
}

function asJson(measure: Measure | undefined): Finding['measure'] {
  if (measure === undefined) return undefined;
  const { limits, ...more } = measure;
  return { ...more, warning: limits?.warning, critical: limits?.critical };
}
