import * as v from 'valibot';
import type { InstallStep } from '../../../../operations/run/setup-steps.ts';
import { Outcome, type Result, said } from '../values.ts';

const StepSchema = v.variant('action', [
  v.strictObject({
    action: v.literal('write'),
    path: v.string(),
    content: v.string(),
    replaces: said(
      '`own`: a script of ours. `recipe`: one of the Python recipe',
      v.picklist(['nothing', 'own', 'recipe']),
    ),
  }),
  v.strictObject({ action: v.picklist(['remove', 'make-folder']), path: v.string() }),
]);

export const installResult = {
  outcome: Outcome,
  steps: said('empty if there is nothing to do', v.array(StepSchema)),
};
export type InstallResult = Result<typeof installResult>;

/** None for a warning, which is one of the document. */
export function installStepAsJson(step: InstallStep): v.InferOutput<typeof StepSchema>[] {
  switch (step.kind) {
    case 'write': {
      const { path, content, replaces } = step;
      return [{ action: step.kind, path, content, replaces }];
    }
    case 'remove':
    case 'make-folder':
      return [{ action: step.kind, path: step.path }];
    case 'warn':
      return [];
    default:
      return step satisfies never;
  }
}
