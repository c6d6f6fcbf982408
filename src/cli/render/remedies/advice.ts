import type { Hint, Remedy } from '../../../system/remedy.ts';
import { BACKUP_REMEDIES } from './backup.ts';
import type { Kinded, RemedyTexts } from './remedy-text.ts';
import { RESCUE_REMEDIES } from './rescue.ts';
import { RESTORE_REMEDIES } from './restore.ts';
import { SITE_REMEDIES } from './site.ts';

/** Every remedy. */
export const REMEDIES: RemedyTexts = {
  ...SITE_REMEDIES,
  ...BACKUP_REMEDIES,
  ...RESTORE_REMEDIES,
  ...RESCUE_REMEDIES,
  several: ({ hints }, part) => hints.map((hint) => adviceOf(hint, part)).join(' '),
};

/**
 * What to do about a failure: sentences with their full stops.
 *
 * @param part - for who runs a script of this part: it has no such options, the part has
 */
export function adviceOf(hint: Hint, part?: string): string {
  return typeof hint === 'string' ? hint : sentenceOf(hint, part);
}

function sentenceOf<Kind extends Remedy['kind']>(
  remedy: Kinded<Kind>,
  part: string | undefined,
): string {
  const texts: RemedyTexts = REMEDIES;
  return texts[remedy.kind](remedy, part);
}
