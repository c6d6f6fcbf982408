import type { SettingsAdvice } from '../model/settings-advice.ts';
import { tomlOptions } from '../toml/toml-options.ts';
import { type Environment, variablesOf } from './environment.ts';

const PREFIX = 'ZODBVAULT_';

/** What is set for a command, or by a run for the commands of the site, beside options. */
const OTHERS = [
  'ZODBVAULT_DATA',
  'ZODBVAULT_SCHEDULE',
  'ZODBVAULT_VERIFY_SCHEDULE',
  'ZODBVAULT_TEST_RESTORE_SCHEDULE',
  'ZODBVAULT_ACTION',
  'ZODBVAULT_PART',
  'ZODBVAULT_SCRIPT',
  'ZODBVAULT_CACHE',
  'ZODBVAULT_IDENTITY',
];

/** Warnings for variables with our prefix that mean nothing, each with the nearest that does. */
export function unknownVariables(
  environment: Environment,
  nearest: (name: string, known: readonly string[]) => string,
): readonly SettingsAdvice[] {
  const known = [...tomlOptions().flatMap(({ name }) => variablesOf(name).slice(0, 1)), ...OTHERS];
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .filter((name) => environment[name] !== '')
    .sort()
    .map((variable) => ({
      kind: 'advice',
      code: 'unknown-variable',
      variable,
      nearest: nearest(variable, known),
    }));
}
