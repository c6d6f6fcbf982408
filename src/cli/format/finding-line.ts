import type { DeepFinding } from '../../operations/verify/verify-deep.ts';
import type { Faults } from '../../repository/records/check-results.ts';

/** What is damaged: what is stored, or the database itself when it was backed up. */
export type Damage = Faults['where'];

/** What to do next where something is. */
export function describeRemedy(damage: ReadonlySet<Damage>): string {
  return damage.has('stored')
    ? 'Make a full backup ("zodbvault backup --full"), verify it, then "zodbvault retire --damaged" removes what is damaged.'
    : 'The site itself has these faults, so a new backup has them, too: mend the database, or restore to a date before them ("zodbvault list" shows what is bad).';
}

/** One line on a finding: file, or object and class; what is wrong; transaction, time and user. */
export function describeDeepFinding(finding: DeepFinding): string {
  const { file, oid, className, tid, time, user = '', state } = finding;
  const subject = file ?? (oid === undefined ? undefined : `object ${oid}${inBrackets(className)}`);
  const by = user.trim() === '' ? '' : `, by ${JSON.stringify(user.trim())}`;
  const transaction = tid === undefined ? '' : ` [transaction ${tid}, ${time}${by}]`;
  return `${subject === undefined ? '' : `${subject}: `}${state}${transaction}`;
}

function inBrackets(text: string | undefined): string {
  return text === undefined ? '' : ` (${text})`;
}
