import type { Warning } from '../../../operations/run/warnings/warning.ts';
import type { Facts } from '../../terminal/terminal.ts';
import { BACKUP_WARNINGS } from './backup.ts';
import { BLOB_BACKUP_WARNINGS } from './blob-backup.ts';
import { INSTALL_WARNINGS } from './install.ts';
import { RESTORE_WARNINGS } from './restore.ts';
import { RUN_WARNINGS } from './run.ts';
import { SITE_WARNINGS } from './site.ts';
import type { Coded, WarningTexts } from './warning-text.ts';

/** Every code that a warning or a notice of a run has. Codes are never renamed: scripts go by them. */
export const WARNINGS: WarningTexts = {
  ...BACKUP_WARNINGS,
  ...BLOB_BACKUP_WARNINGS,
  ...RESTORE_WARNINGS,
  ...RUN_WARNINGS,
  ...SITE_WARNINGS,
  ...INSTALL_WARNINGS,
};

/** All codes, by the alphabet. */
export const WARNING_CODES = Object.keys(WARNINGS).sort() as readonly Coded['code'][];

/** A warning with made-up values. */
export function exampleOf(code: Coded['code']): Warning {
  return WARNINGS[code].example;
}

/** A warning as people read it: a sentence, or several; only those in the words of the recipe end in a full stop. */
export function sentenceOf<Code extends Coded['code']>(warning: Coded<Code>): string {
  const texts: WarningTexts = WARNINGS;
  return texts[warning.code].sentence(warning);
}

/** The same for programs. */
export function factsOf({ kind: _, code, ...values }: Warning): Facts {
  return { code, values };
}
