import { type Judgement, reasonsAgainst } from '../../repository/judgement.ts';
import type { Check } from '../../repository/records/check-results.ts';
import { isTestRestore, isVerification, lastLooks } from '../../repository/records/last-looks.ts';
import { oneLine } from './one-line.ts';
import { formatUtcMoment } from './units.ts';

/** What a list says of the looks into a restore point. */
export interface LookWords {
  readonly text: string;
  readonly outcome: 'good' | 'bad';
}

/**
 * The last verification, and the last deep one where that was on an earlier day, as in `2026-03-01`, `2026-03-01 deep`,
 * `2026-03-02, 2026-03-01 deep`, `2026-03-01 checksums only`, `BAD 2026-03-01`. What was found wrong stands until a look
 * as deep has found nothing. Undefined where nobody has looked.
 */
export function wordsOfVerification(
  judgement: Judgement,
  checks: readonly Check[],
): LookWords | undefined {
  const bad = badLooks(judgement).findLast((one) => !isTestRestore(one));
  if (bad !== undefined) return badWords(bad);
  const { verified, verifiedDeeply } = lastLooks(checks);
  if (verified === undefined) return undefined;
  const isOlder = verifiedDeeply !== undefined && dayOf(verifiedDeeply) !== dayOf(verified);
  const last = isOlder ? verified : (verifiedDeeply ?? verified);
  const days = [last, ...(isOlder ? [verifiedDeeply] : [])].map(dayAndDepth);
  return { text: days.join(', '), outcome: 'good' };
}

/** The same of test restores. */
export function wordsOfTestRestore(
  judgement: Judgement,
  checks: readonly Check[],
): LookWords | undefined {
  const bad = badLooks(judgement).findLast(isTestRestore);
  if (bad !== undefined) return badWords(bad);
  const { testRestored } = lastLooks(checks);
  return testRestored && { text: dayAndDepth(testRestored), outcome: 'good' };
}

/** For somebody who is about to restore it, to the second: each kind of look that has found nothing wrong. */
export function timesOfLooks(checks: readonly Check[]): readonly string[] {
  const { verified, verifiedDeeply, testRestored } = lastLooks(checks);
  const isDeep = verified !== undefined && verified === verifiedDeeply;
  const time = ({ at }: Check) => formatUtcMoment(at);
  const never = checks.some(isVerification) ? 'no verification found it good' : 'never verified';
  return [
    verified === undefined ? never : `verified ${time(verified)}${isDeep ? ', with --deep' : ''}`,
    ...(verifiedDeeply === undefined || isDeep
      ? []
      : [`verified with --deep ${time(verifiedDeeply)}`]),
    ...(testRestored === undefined ? [] : [`test-restored ${time(testRestored)}`]),
  ];
}

function badLooks(judgement: Judgement): readonly Check[] {
  return reasonsAgainst(judgement).flatMap((one) => ('check' in one ? one.check : []));
}

function badWords(look: Check): LookWords {
  return { text: `BAD ${dayAndDepth(look)}`, outcome: 'bad' };
}

function dayAndDepth(look: Check): string {
  const { kind, wrapped } = look;
  const seen = kind === 'deep' || kind === 'sample' ? ` ${kind}` : '';
  return `${dayOf(look)}${wrapped ? ' checksums only' : seen}`;
}

function dayOf({ at }: Check): string {
  return oneLine(at.slice(0, 'yyyy-mm-dd'.length));
}
