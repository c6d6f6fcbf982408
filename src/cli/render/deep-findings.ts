import type { DeepFinding } from '../../operations/verify/verify-deep.ts';
import { describeFileState } from './problems.ts';

/** One line on a finding: file, or object and class; what is wrong; transaction, time and user. */
export function describeDeepFinding(finding: DeepFinding): string {
  const { file, oid, className, tid, time, user = '' } = finding;
  const subject = file ?? (oid === undefined ? undefined : `object ${oid}${inBrackets(className)}`);
  const by = user.trim() === '' ? '' : `, by ${JSON.stringify(user.trim())}`;
  const transaction = tid === undefined ? '' : ` [transaction ${tid}, ${time}${by}]`;
  return `${subject === undefined ? '' : `${subject}: `}${describeState(finding)}${transaction}`;
}

/** What was found, and what was expected. */
export function describeState({ state }: Pick<DeepFinding, 'state'>): string {
  return typeof state === 'string' ? state : describeFileState(state);
}

function inBrackets(text: string | undefined): string {
  return text === undefined ? '' : ` (${text})`;
}
