import * as v from 'valibot';
import { FAILURE_CODES } from '../../reference/error-explanations.ts';
import { JSON_FORMAT } from '../../terminal/json-document.ts';
import { Label, Moment, maybe, Seconds, said } from './values.ts';

/** What an error or a warning is about, where the command is about several. */
const about = {
  site: v.optional(Label.site),
  storage: v.optional(Label.storage),
};

/** Why something was not done. */
const ErrorSchema = v.strictObject({
  ...about,
  code: said(
    'as in [errors](errors.md); `internal` for a defect',
    v.picklist([...FAILURE_CODES, 'internal']),
  ),
  message: said('one sentence, without a full stop', v.string()),
  hint: maybe('what to do next; absent for a defect', v.string()),
});

/** What somebody should read, though the work was done. */
const WarningSchema = v.strictObject({
  ...about,
  level: said(
    '`warning`: somebody should look into it. `notice`: zodbvault corrected it, or it is only worth knowing. `advice`: it is about settings, and the same in each run',
    v.picklist(['warning', 'notice', 'advice']),
  ),
  code: said('as in [warnings](warnings.md)', v.string()),
  message: said('the same as on a terminal', v.string()),
  values: said('the facts in the message, by name', v.looseObject({})),
});

const head = {
  format: said('the version of the format of this document', v.literal(JSON_FORMAT)),
  zodbvault: said('the version of the program', v.string()),
};
const when = {
  begun: said('when the command began', Moment),
  seconds: said('how long the command took', Seconds),
  status: said('the exit status', v.picklist([0, 1, 2, 3, 4, 130])),
};
const warnings = said('in the order in which they occurred', v.array(WarningSchema));
const errors = said(
  'in the order in which they occurred; empty if everything was done',
  v.array(ErrorSchema),
);

/**
 * The document that a command prints: what all have, around its result. A command that fails before it begins has no
 * result.
 */
export function documentSchema<const Result extends v.ObjectEntries>(name: string, result: Result) {
  const command = said('the command', v.literal(name));
  return v.union([
    v.strictObject({ ...head, command, ...when, ...result, warnings, errors }),
    failureSchema({ command }),
  ]);
}

/** The document of a command that has failed before it began. @param command - none where it was not recognised */
export function failureSchema<const Command extends v.ObjectEntries>(command: Command) {
  const some = v.pipe(errors, v.minLength(1));
  return v.strictObject({ ...head, ...command, ...when, warnings, errors: some });
}
