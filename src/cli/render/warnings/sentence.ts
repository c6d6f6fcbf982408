import type { Facts, Terminal } from '../../terminal/terminal.ts';
import { BACKUP_WARNINGS } from './backup.ts';
import { BLOB_BACKUP_WARNINGS } from './blob-backup.ts';
import { COMMAND_WARNINGS } from './commands.ts';
import { INSTALL_WARNINGS } from './install.ts';
import { RESTORE_WARNINGS } from './restore.ts';
import { RUN_WARNINGS } from './run.ts';
import { SERVER_WARNINGS } from './server.ts';
import { SETTINGS_WARNINGS } from './settings.ts';
import type { AnyWarning, Coded, WarningTexts } from './warning-text.ts';

/** Every code that a warning, a notice or advice has. Codes are never renamed: scripts go by them. */
export const WARNINGS: WarningTexts = {
  ...BACKUP_WARNINGS,
  ...BLOB_BACKUP_WARNINGS,
  ...RESTORE_WARNINGS,
  ...RUN_WARNINGS,
  ...SERVER_WARNINGS,
  ...SETTINGS_WARNINGS,
  ...COMMAND_WARNINGS,
  ...INSTALL_WARNINGS,
};

/** All codes, by the alphabet. */
export const WARNING_CODES = Object.keys(WARNINGS).sort() as readonly Coded['code'][];

/** A warning with made-up values. */
export function exampleOf(code: Coded['code']): AnyWarning {
  return WARNINGS[code].example;
}

/** A warning as people read it: a sentence, or several; only those in the words of the recipe end in a full stop. */
export function sentenceOf<Code extends Coded['code']>(warning: Coded<Code>): string {
  const texts: WarningTexts = WARNINGS;
  return texts[warning.code].sentence(warning);
}

/** The same for programs. */
export function factsOf<Code extends Coded['code']>(warning: Coded<Code>): Facts {
  const texts: WarningTexts = WARNINGS;
  const { kind: _, code, ...values } = warning;
  return { code, values: texts[code].values?.(warning) ?? values };
}

/** Says it, as loud as its kind wants. */
export function renderWarning(
  warning: AnyWarning,
  terminal: Pick<Terminal, 'warn' | 'notice' | 'advise'>,
): void {
  terminal[HOW[warning.kind]](sentenceOf(warning), factsOf(warning));
}

const HOW = { warning: 'warn', notice: 'notice', advice: 'advise' } as const;
