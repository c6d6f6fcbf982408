import type { SettingsAdvice } from '../../../config/model/settings-advice.ts';
import type { ExcludedBlobs } from '../../../config/plain/plain-search.ts';
import type { Warning } from '../../../operations/run/warnings/warning.ts';
import type { CommandWarning } from './commands.ts';

/** All that people should read, whoever noticed it. */
export type AnyWarning = Warning | ExcludedBlobs | SettingsAdvice | CommandWarning;

/** One warning each, by its code. */
type ByCode = { readonly [W in AnyWarning as W['code']]: W };

/** The warning with a code, in a form from which the compiler knows that code and values belong together. */
export type Coded<Code extends keyof ByCode = keyof ByCode> = {
  readonly [C in Code]: ByCode[C] & { readonly code: C };
}[Code];

/** How the warnings with some codes are put into words. */
export type WarningTexts<Code extends keyof ByCode = keyof ByCode> = {
  readonly [C in Code]: {
    /** A whole one, for the page of all warnings. */
    readonly example: ByCode[C];
    readonly sentence: (warning: Coded<C>) => string;
    /** What programs get where a value of ours is a sentence for them; absent: the values as they are. */
    readonly values?: (warning: Coded<C>) => object;
  };
};
