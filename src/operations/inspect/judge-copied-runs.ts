import type { CopiedRun } from '../../copies/layout/copied-run.ts';
import type { HealthFinding } from './health-findings.ts';
import type { Judgement } from './health-judgement.ts';

/** Of the last run of each kind, as a copy tells them, those of which somebody has to know. */
export function judgeCopiedRuns(runs: readonly CopiedRun[]): readonly Judgement[] {
  return runs.flatMap((run) => {
    const finding = findingOf(run);
    if (finding === undefined) return [];
    return [{ state: 'warning', storage: undefined, finding, measure: undefined }] as const;
  });
}

function findingOf({ verb, begun, result, code, warnings }: CopiedRun): HealthFinding | undefined {
  if (result === 'begun') return { code: 'last-run-killed', verb, begun };
  if (verb === 'backup' && result === 'warnings') {
    return { code: 'last-run-warned', verb, warnings, first: undefined };
  }
  // Of other runs, damage alone is about the backups.
  const isTold = verb === 'backup' ? result !== 'done' : code === 'damaged';
  return isTold ? { code: 'last-run-not-done', verb, reason: code ?? result } : undefined;
}
