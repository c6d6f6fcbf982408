import { mayBuildOn, reasonsAgainst } from './judgement.ts';
import type { Chain } from './layout/chain.ts';
import { describeFault } from './layout/chain.ts';
import type { Stamp } from './layout/stamp.ts';
import type { Comparison } from './lineage/comparison.ts';
import type { Judgements } from './read-judgements.ts';

/** What a backup will do, and why. Ends and starts are offsets in the Data.fs. */
export type BackupPlan =
  | { readonly kind: 'full'; readonly end: number; readonly reason: string }
  | {
      readonly kind: 'increment';
      readonly chain: Chain;
      readonly start: number;
      readonly end: number;
      readonly reason: string;
    }
  | { readonly kind: 'nothing'; readonly end: number; readonly reason: string };

/** Whether a chain can be continued at all, before anybody looks at bytes. */
export type Continuation =
  | { readonly kind: 'possible'; readonly chain: Chain; readonly end: number }
  | {
      readonly kind: 'impossible';
      readonly reason: string;
      /** Whether that is because the Data.fs is another. */
      readonly isOther?: true;
    };

/**
 * @param chain - the newest one of the repository
 * @param sourceBytes - size of the Data.fs
 * @param judgements - of its restore points
 * @param lostFull - the stamp of a newer full backup of which only the `.dat` is there
 */
export function judgeContinuation(
  chain: Chain | undefined,
  {
    isFullWanted,
    sourceBytes,
    judgements,
    lostFull,
  }: {
    readonly isFullWanted: boolean;
    readonly sourceBytes: number;
    readonly judgements: Judgements;
    readonly lostFull: Stamp | undefined;
  },
): Continuation {
  if (isFullWanted) return { kind: 'impossible', reason: 'a full backup was asked for' };
  if (lostFull !== undefined) {
    // An increment would stand where those of the lost one stood.
    return { kind: 'impossible', reason: `the full backup of "${lostFull}.dat" is missing` };
  }
  if (chain === undefined) return { kind: 'impossible', reason: 'there is no full backup yet' };
  const [fault] = chain.faults;
  if (fault !== undefined) {
    return {
      kind: 'impossible',
      reason: `the newest chain can not be continued: ${describeFault(fault)}`,
    };
  }
  const damaged = findDamaged(chain, judgements);
  if (damaged !== undefined) return { kind: 'impossible', reason: damaged };
  const end = chain.links.at(-1)?.range.end ?? 0;
  if (sourceBytes < end) {
    return {
      kind: 'impossible',
      reason: `the Data.fs has ${sourceBytes} bytes, less than the ${end} backed up`,
      isOther: true,
    };
  }
  return { kind: 'possible', chain, end };
}

/** Why an increment can't build on a chain; undefined where it can. */
function findDamaged({ links }: Chain, judgements: Judgements): string | undefined {
  for (const { file } of links) {
    const judgement = judgements.get(file.stamp);
    if (judgement === undefined || mayBuildOn(judgement)) continue;
    if (reasonsAgainst(judgement).some(({ kind }) => kind === 'record'))
      return `the record of "${file.name}" can not be read`;
    const isOfFiles = reasonsAgainst(judgement).some(({ kind }) => kind === 'files');
    return isOfFiles
      ? `"${file.name}" has another size than was written, and an increment would need it`
      : `verify has found "${file.name}" damaged, which an increment would need`;
  }
  return undefined;
}

/** Decides what to do, once the bytes have been compared and the committed end is known. */
export function planBackup(
  continuation: Continuation,
  {
    comparison,
    committedEnd,
    otherBy,
  }: {
    /** Undefined where the continuation is impossible: nothing was compared. */
    readonly comparison: Comparison | undefined;
    readonly committedEnd: number;
    /** What makes a Data.fs one that is no continuation, in words. */
    readonly otherBy: string;
  },
): BackupPlan {
  if (continuation.kind === 'impossible') {
    const { reason, isOther } = continuation;
    const words = isOther === undefined ? reason : `${reason} (${otherBy})`;
    return { kind: 'full', end: committedEnd, reason: words };
  }
  if (comparison?.kind !== 'same') {
    const because = comparison?.isOther === undefined ? '' : ` (${otherBy})`;
    const reason = comparison?.reason ?? 'it was not compared with the last backup';
    return {
      kind: 'full',
      end: committedEnd,
      reason: `the Data.fs is not a continuation: ${reason}${because}`,
    };
  }
  const { chain, end: start } = continuation;
  if (committedEnd === start) {
    return { kind: 'nothing', end: start, reason: 'nothing was committed since the last backup' };
  }
  if (committedEnd < start) {
    return {
      kind: 'full',
      end: committedEnd,
      reason: `the last complete transaction ends at ${committedEnd}, before the last backup does (${otherBy})`,
    };
  }
  const reason = `${committedEnd - start} bytes were committed since the last backup`;
  return { kind: 'increment', chain, start, end: committedEnd, reason };
}
