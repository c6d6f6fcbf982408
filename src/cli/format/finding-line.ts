import type { DeepFinding } from '../../operations/verify/verify-deep.ts';

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
