import { type Check, disproves } from '../repository/records/check-results.ts';

/** Whether a look at the bytes of a copy has found others than were written. */
export function isStoredFault({ outcome, kind, faults }: Check): boolean {
  return (
    outcome === 'bad' && (faults === undefined ? kind === 'verify' : faults.where === 'stored')
  );
}

/**
 * What looks tell of the bytes of a copy. A look at what the site has is deeper, and of the same database, but of other
 * bytes: while a fault of the copy stands, it says nothing of that restore point. Only another look at the copy does.
 *
 * @param checks - all that the copy knows, in their order
 */
export function looksAtCopy(checks: readonly Check[]): readonly Check[] {
  const stands = (bad: Check, row: number) =>
    isStoredFault(bad) && !checks.slice(row + 1).some((one) => isOfCopy(one, bad));
  const faults = new Set(
    checks.flatMap((one, row) => (stands(one, row) ? [`${one.stamp} ${one.part}`] : [])),
  );
  return checks.filter(
    ({ kind, outcome, stamp, part }) =>
      kind === 'verify' || outcome === 'bad' || !faults.has(`${stamp} ${part}`),
  );
}

/** Names of objects of a copy that aren't what was written, as far as looks at it have told which. */
export function damagedObjects(checks: readonly Check[]): readonly string[] {
  return checks.filter(isStoredFault).flatMap(({ faults }) => faults?.names ?? []);
}

function isOfCopy(one: Check, bad: Check): boolean {
  const isGood = one.kind === 'verify' && one.outcome === 'good' && one.stamp === bad.stamp;
  return isGood && disproves(one, bad);
}
