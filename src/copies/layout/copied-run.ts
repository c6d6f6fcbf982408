import * as v from 'valibot';
import { RunSchema } from '../../repository/records/run-history.ts';

/**
 * A run of a site, as far as a copy tells: which, when, how much, and how it ended. Paths and messages stay with the
 * site, as whoever reads a copy may be anybody. `begun` for a result: it was killed.
 */
export const CopiedRunSchema = v.pick(RunSchema, [
  ...(['verb', 'of', 'part', 'begun', 'seconds', 'result', 'code'] as const),
  ...(['readBytes', 'storedBytes', 'blobBytes', 'warnings'] as const),
]);
export type CopiedRun = v.InferOutput<typeof CopiedRunSchema>;

/** What a copy gets to know of a run. */
export function copiedRun(run: CopiedRun): CopiedRun {
  return v.parse(CopiedRunSchema, run);
}

/** Of each run what is known last, in the order in which they began. One may have ended since it was written down. */
export function eachRunOnce(runs: readonly CopiedRun[]): readonly CopiedRun[] {
  const known = new Map<string, CopiedRun>();
  for (const run of runs) {
    const before = known.get(nameOfRun(run));
    if (before === undefined || isLater(run, before)) known.set(nameOfRun(run), run);
  }
  return [...known.values()].sort((one, other) => (one.begun < other.begun ? -1 : 1));
}

/** Whether nothing has become known of a run since it was written down: what goes on takes longer. */
export function isSameRun(one: CopiedRun, other: CopiedRun): boolean {
  const { result, seconds } = other;
  return nameOfRun(one) === nameOfRun(other) && one.result === result && one.seconds === seconds;
}

/** Of each kind of run the last one, the newest last. */
export function lastRuns(runs: readonly CopiedRun[]): readonly CopiedRun[] {
  const known = eachRunOnce(runs);
  const last = new Map(known.map((run) => [`${run.verb} ${run.of}`, run]));
  const shown = new Set(last.values());
  return known.filter((run) => shown.has(run));
}

function nameOfRun({ begun, verb, of, part }: CopiedRun): string {
  return [begun, verb, of, part].join(' ');
}

/** A backup of which the post_command failed had ended before. */
function isLater(one: CopiedRun, other: CopiedRun): boolean {
  if (one.result === 'begun' || other.result === 'begun') return one.result !== 'begun';
  return one.seconds > other.seconds;
}
