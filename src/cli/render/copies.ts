import type { RememberedCopy } from '../../operations/copies/remembered-copies.ts';

/** How a copy is, as the last run has left it, in a line. */
export function describeCopy({ copy: { name }, state }: RememberedCopy): string {
  if (state === undefined) return `Copy ${name}: nothing was copied yet`;
  const { completeAt, failure } = state;
  const complete = completeAt === undefined ? 'never complete' : `complete at ${completeAt}`;
  if (failure === undefined) return `Copy ${name}: ${complete}`;
  return `Copy ${name}: ${complete}, fails since ${failure.since}: ${failure.message}`;
}
