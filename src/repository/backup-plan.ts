import type { Span } from '../system/calendar/span.ts';
import { mayBuildOn, reasonsAgainst } from './judgement.ts';
import type { Chain, ChainFault } from './layout/chain.ts';
import type { Stamp } from './layout/stamp.ts';
import type { Comparison, Difference } from './lineage/comparison.ts';
import type { Judgements } from './read-judgements.ts';

/** What a backup will do, and why. Ends and starts are offsets in the Data.fs. */
export type BackupPlan =
  | {
      readonly kind: 'full';
      readonly end: number;
      readonly reason: FullReason;
      /** When zodbvault has restored the Data.fs since the last backup, if it has. */
      readonly restoredAt: string | undefined;
    }
  | {
      readonly kind: 'increment';
      readonly chain: Chain;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: 'nothing'; readonly end: number };

/** Why a backup is a full one. */
export type FullReason =
  | { readonly kind: 'asked-for' }
  /** Of a newer full backup only the `.dat` is there. An increment would stand where those of the lost one stood. */
  | { readonly kind: 'full-lost'; readonly stamp: Stamp }
  | { readonly kind: 'first' }
  /** The last one is as old as it may get, and something was committed since. */
  | { readonly kind: 'due'; readonly stamp: Stamp; readonly every: Span }
  | { readonly kind: 'chain-broken'; readonly fault: ChainFault }
  /** Something is wrong with a backup that an increment would need. */
  | {
      readonly kind: 'record-unread' | 'other-size' | 'found-damaged';
      readonly fileName: string;
    }
  | { readonly kind: 'shorter'; readonly sizeBytes: number; readonly backedUpBytes: number }
  | { readonly kind: 'not-compared' }
  | { readonly kind: 'no-continuation'; readonly by: Difference }
  /** The last complete transaction ends before the last backup does. */
  | { readonly kind: 'ends-before'; readonly end: number };

/** Whether a chain can be continued at all, before anybody looks at bytes. */
export type Continuation =
  | { readonly kind: 'possible'; readonly chain: Chain; readonly end: number }
  | { readonly kind: 'impossible'; readonly reason: FullReason };

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
  if (isFullWanted) return impossible({ kind: 'asked-for' });
  if (lostFull !== undefined) return impossible({ kind: 'full-lost', stamp: lostFull });
  if (chain === undefined) return impossible({ kind: 'first' });
  const [fault] = chain.faults;
  if (fault !== undefined) return impossible({ kind: 'chain-broken', fault });
  const damaged = findDamaged(chain, judgements);
  if (damaged !== undefined) return impossible(damaged);
  const end = chain.links.at(-1)?.range.end ?? 0;
  if (sourceBytes < end) {
    return impossible({ kind: 'shorter', sizeBytes: sourceBytes, backedUpBytes: end });
  }
  return { kind: 'possible', chain, end };
}

function impossible(reason: FullReason): Continuation {
  return { kind: 'impossible', reason };
}

/** Why an increment can't build on a chain; undefined where it can. */
function findDamaged({ links }: Chain, judgements: Judgements): FullReason | undefined {
  for (const { file } of links) {
    const judgement = judgements.get(file.stamp);
    if (judgement === undefined || mayBuildOn(judgement)) continue;
    const kinds = new Set(reasonsAgainst(judgement).map(({ kind }) => kind));
    const fileName = file.name;
    if (kinds.has('record')) return { kind: 'record-unread', fileName };
    return { kind: kinds.has('files') ? 'other-size' : 'found-damaged', fileName };
  }
  return undefined;
}

/** Decides what to do, once the bytes have been compared and the committed end is known. */
export function planBackup(
  continuation: Continuation,
  {
    comparison,
    committedEnd,
    restoredAt,
    due,
  }: {
    /** Undefined where the continuation is impossible: nothing was compared. */
    readonly comparison: Comparison | undefined;
    readonly committedEnd: number;
    /** As in {@link BackupPlan}. */
    readonly restoredAt: string | undefined;
    /** How old a full backup may get, where the last one is that old; absent: an increment will do. */
    readonly due?: Span | undefined;
  },
): BackupPlan {
  const full = (reason: FullReason): BackupPlan => ({
    kind: 'full',
    end: committedEnd,
    reason,
    restoredAt,
  });
  if (continuation.kind === 'impossible') return full(continuation.reason);
  if (comparison === undefined) return full({ kind: 'not-compared' });
  if (comparison.kind === 'differs') return full({ kind: 'no-continuation', by: comparison.by });
  const { chain, end: start } = continuation;
  if (committedEnd === start) return { kind: 'nothing', end: start };
  if (committedEnd < start) return full({ kind: 'ends-before', end: committedEnd });
  if (due !== undefined) return full({ kind: 'due', stamp: chain.stamp, every: due });
  return { kind: 'increment', chain, start, end: committedEnd };
}
