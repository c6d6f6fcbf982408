import { type Check, ofGoodLooks } from './check-results.ts';

/** The last looks into a restore point that have found nothing wrong; undefined: there is none. */
export interface LastLooks {
  /** The last verification, however deep it was. */
  readonly verified: Check | undefined;
  /** The last verification of the whole database. */
  readonly verifiedDeeply: Check | undefined;
  readonly testRestored: Check | undefined;
}

/** @param checks - all of one restore point, in the order in which they were found out */
export function lastLooks(checks: readonly Check[]): LastLooks {
  const good = ofGoodLooks(checks);
  return {
    verified: good.findLast(isVerification),
    verifiedDeeply: good.findLast(({ kind }) => kind === 'deep'),
    testRestored: good.findLast(isTestRestore),
  };
}

/** A sample is none: what it has not looked at, nobody has seen. */
export function isVerification({ kind }: Check): boolean {
  return kind === 'verify' || kind === 'deep';
}

export function isTestRestore({ kind }: Check): boolean {
  return kind === 'rehearsal';
}
