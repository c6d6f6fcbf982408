import type { PastRun } from '../../operations/run/past-runs.ts';
import type { Check } from '../../repository/records/check-results.ts';

/** What a run did, by the word of its record: records keep theirs, whatever commands are called. */
export const VERBS = {
  ...{ backup: 'backup', restore: 'restore', undo: 'undo', verify: 'verify' },
  ...{ 'verify-deep': 'verify-deep', 'verify-sample': 'verify-sample' },
  ...{ rehearse: 'test-restore', retire: 'delete', prune: 'prune' },
} as const satisfies Record<PastRun['verb'], string>;

/** How deep a look was, the shallowest first, by the word of its record. */
export const DEPTHS = {
  ...{ verify: 'verify', sample: 'sample', deep: 'deep' },
  rehearsal: 'test-restore',
} as const satisfies Record<Check['kind'], string>;

/** The command of a run, with the option that makes it another run. */
const COMMANDS: Readonly<Record<string, string>> = {
  ...VERBS,
  undo: 'restore --undo',
  'verify-deep': 'verify --deep',
  'verify-sample': 'verify --deep --sample',
};

/** How people call a run, as in `backup`, `backup snapshot`, `verify --deep`. */
export function nameOfRun({ verb, of }: { readonly verb: string; readonly of: string }): string {
  const name = commandOfRun(verb);
  return of === 'all' || of === 'backup' ? name : `${name} ${of}`;
}

/** The command that a run of this word in the log was. */
export function commandOfRun(verb: string): string {
  return COMMANDS[verb] ?? verb;
}
