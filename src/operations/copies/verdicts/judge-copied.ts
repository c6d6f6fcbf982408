import { type Check, disproves, isAsDeep } from '../../../repository/records/check-results.ts';

/** What looks at a restore point have shown, as far as a copy says. */
export interface CopiedVerdict {
  /** Nothing is known against it. */
  readonly isSound: boolean;
  /** Somebody has looked into its database, all of it, and nothing speaks against it. */
  readonly isProven: boolean;
}

/** @param checks - of one restore point, in the order in which they were written down */
export function judgeCopied(checks: readonly Check[]): CopiedVerdict {
  const isSound = !checks.some(
    (bad, index) =>
      bad.outcome === 'bad' &&
      !checks.slice(index + 1).some((one) => one.outcome === 'good' && disproves(one, bad)),
  );
  const isDeep = ({ kind, part, outcome, wrapped }: Check) =>
    part === 'data' && outcome === 'good' && wrapped === undefined && isAsDeep(kind, 'deep');
  return { isSound, isProven: isSound && checks.some(isDeep) };
}
