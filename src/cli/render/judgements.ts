import {
  describeReason,
  type Judgement,
  type PartJudgement,
  type Reason,
} from '../../repository/judgement.ts';
import type { Check } from '../../repository/records/check-results.ts';

/** A judgement as --json prints it. */
export function judgementAsJson({ data, blobs, run }: Judgement): object {
  return { run, data: partAsJson(data), blobs: partAsJson(blobs) };
}

function partAsJson(part: PartJudgement): object {
  switch (part.kind) {
    case 'good':
      return part.depth === undefined ? { kind: part.kind } : part;
    case 'unknown':
      return part;
    case 'bad':
      return { kind: part.kind, reasons: part.reasons.map(reasonAsJson) };
    default:
      return part satisfies never;
  }
}

function reasonAsJson(reason: Reason): object {
  const faults = 'check' in reason ? reason.check.faults : undefined;
  return { kind: reason.kind, state: describeReason(reason), ...(faults && { faults }) };
}

/** Looks as --json prints them: each as a whole, bad where one of its parts is. The newest last. */
export function looksAsJson(checks: readonly Check[]): readonly object[] {
  const looks = new Map<string, Pick<Check, 'kind' | 'outcome' | 'at' | 'seconds'>>();
  for (const { kind, outcome, at, seconds } of checks) {
    const before = looks.get(`${kind} ${at}`)?.outcome;
    looks.set(`${kind} ${at}`, { kind, outcome: before === 'bad' ? before : outcome, at, seconds });
  }
  return [...looks.values()];
}

/** What is so, and how to learn more. */
export function describeSiteFault({
  count,
  stamps,
}: {
  readonly count: number;
  readonly stamps: readonly string[];
}): string {
  const [faults, them] = count === 1 ? ['1 fault', 'it'] : [`${count} faults`, 'them'];
  return `the site itself has ${faults}, the same in ${stamps.length} restore points back to the oldest: "zodbvault verify --deep" names ${them}. The backups are as they should be`;
}
