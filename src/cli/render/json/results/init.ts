import * as v from 'valibot';
import { maybe, Outcome, type Result, said } from '../values.ts';

export const initResult = {
  outcome: Outcome,
  path: said('of the file', v.string()),
  content: maybe('with `--dry-run`', v.string()),
};
export type InitResult = Result<typeof initResult>;
