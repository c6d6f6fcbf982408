import * as v from 'valibot';
import { PERIODS } from '../../system/calendar/period.ts';

/** A number of things or days; 0 stands for "no limit of this kind". */
export const CountSchema = v.pipe(v.number(), v.integer(), v.minValue(0));

/** A length of time: hours, days, weeks, months or years. */
export const SpanSchema = v.object({
  count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(9999)),
  unit: v.picklist(['h', 'd', 'w', 'm', 'y']),
});

/** Which restore points are kept: so many days, weeks, months and years with one, and all that are young. */
export const KeepRulesSchema = v.object({
  daily: CountSchema,
  weekly: CountSchema,
  monthly: CountSchema,
  yearly: CountSchema,
  within: v.optional(SpanSchema),
});
export type KeepRules = v.InferOutput<typeof KeepRulesSchema>;

/** Whether a rule keeps anything: without one, `keep` alone decides. */
export function keepsAny(rules: KeepRules): boolean {
  return rules.within !== undefined || PERIODS.some((period) => rules[period] > 0);
}
