import type { RememberedCopy } from '../../operations/copies/remembered-copies.ts';
import type { ListedRun } from '../../operations/from-copy/site-heads.ts';
import { nameOfRun } from '../format/record-words.ts';
import { formatUtcMoment, formatUtcTime } from '../format/units.ts';

/** How a copy is, as the last run has left it, in a line. */
export function describeCopy({ copy: { name }, state }: RememberedCopy): string {
  if (state === undefined) return `Copy ${name}: nothing was copied yet`;
  const { completeAt, failure } = state;
  const complete =
    completeAt === undefined ? 'never complete' : `complete at ${formatUtcMoment(completeAt)}`;
  if (failure === undefined) return `Copy ${name}: ${complete}`;
  return `Copy ${name}: ${complete}, fails since ${formatUtcMoment(failure.since)}: ${failure.message}`;
}

/** A run as a copy tells of it: `backup 2026-03-01 04:00 failed`. */
export function describeCopiedRun(run: ListedRun | undefined): string {
  return run === undefined
    ? '–'
    : `${nameOfRun(run)} ${formatUtcTime(run.begun)} ${resultOfRun(run)}`;
}

/** A run that never ended was killed: of those that still run, no copy tells. */
export function resultOfRun({
  result,
}: ListedRun): Exclude<ListedRun['result'], 'begun'> | 'killed' {
  return result === 'begun' ? 'killed' : result;
}
