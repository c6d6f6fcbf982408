import * as v from 'valibot';
import { FAILURE_CODES } from '../../../reference/error-explanations.ts';
import { type Result, said } from '../values.ts';

export const explainResult = {
  explanations: v.array(
    v.strictObject({
      code: v.picklist(FAILURE_CODES),
      exitStatus: v.number(),
      summary: v.string(),
      meaning: v.string(),
      remedies: said('the likeliest first', v.array(v.string())),
    }),
  ),
};
export type ExplainResult = Result<typeof explainResult>;
