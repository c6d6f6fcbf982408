import type { KnownBadPoint } from '../../operations/inspect/judged-runs.ts';
import { describeReason } from '../../repository/judgement.ts';

export function describeBadPoint({ stamp, reasons }: KnownBadPoint): string {
  return `${stamp}: ${reasons.map(describeReason).join('; ')}`;
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
