import { Failure } from '../../system/failure.ts';

/** Commands that had another name before: the old one, and the new one. */
export const RENAMED_COMMANDS: Readonly<Record<string, string>> = {
  retire: 'delete',
  rehearse: 'test-restore',
  repeat: 'run-schedule',
};

/** The same for options. */
export const RENAMED_OPTIONS: Readonly<Record<string, string>> = {
  '--rehearsal-age': '--test-restore-age',
  '--rehearse': '--test-restore',
};

/** The same for variables of the environment. */
const RENAMED_VARIABLES: Readonly<Record<string, string>> = {
  ZODBVAULT_REHEARSE_SCHEDULE: 'ZODBVAULT_TEST_RESTORE_SCHEDULE',
};

/** Failure `usage` for a variable that is set under its old name: nobody would notice that it means nothing. */
export function refuseRenamedVariables(environment: Readonly<NodeJS.ProcessEnv>): void {
  for (const [old, name] of Object.entries(RENAMED_VARIABLES)) {
    if ((environment[old] ?? '') === '') continue;
    throw new Failure('usage', `the environment variable ${old} has another name: ${name}`, {
      hint: `Set ${name} in its place, and remove ${old}.`,
    });
  }
}
