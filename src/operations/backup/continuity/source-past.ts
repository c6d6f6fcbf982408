import type { ObservedSource, Source } from '../../../sources/source.ts';
import type { JobContext } from '../../run/events.ts';
import { type ContinuedState, findContinuedState } from './continued-state.ts';
import { findOtherCopy, type OtherCopy, tellOtherCopy } from './other-copy.ts';
import { type EarlierBytes, findEarlierBytes, NO_EARLIER_BYTES } from './overwritten-source.ts';
import {
  findSourceContinuity,
  type Judging,
  ownPastOf,
  type SourceContinuity,
} from './source-continuity.ts';
import { tellContinuity } from './tell-continuity.ts';

/** What was backed up before of a Data.fs, and of copies of it, and whether it has that. */
export interface SourcePast {
  readonly continuity: SourceContinuity;
  readonly otherCopy: OtherCopy;
  readonly bytes: EarlierBytes;
  /** Undefined where nobody can tell, and for an increment, which goes on from its chain. */
  readonly continued: ContinuedState | undefined;
}

/** What an increment goes on from was looked at when its full backup was made. */
export const NO_PAST: SourcePast = {
  continuity: { kind: 'continued' },
  otherCopy: { kind: 'none' },
  bytes: NO_EARLIER_BYTES,
  continued: undefined,
};

/** Holds a Data.fs against the backups that are there; reads them only where a look at the ends doesn't tell. */
export async function findSourcePast(
  observed: ObservedSource,
  judging: Judging,
): Promise<SourcePast> {
  const { repository } = judging;
  const own = await ownPastOf(observed, judging);
  const continuity = await findSourceContinuity(observed, { ...judging, own });
  return {
    continuity,
    otherCopy: await findOtherCopy(observed, { ...judging, store: repository.store }),
    bytes: await findEarlierBytes(observed, judging.chains),
    continued: await findContinuedState(observed, { ...own, repository, continuity }),
  };
}

/** Says what somebody should know of it. */
export function tellPast(
  source: Source,
  { past, context }: { readonly past: SourcePast; readonly context: JobContext },
): void {
  tellContinuity(source, { found: past.continuity, context });
  tellOtherCopy(source, { other: past.otherCopy, context });
}

/** What a full backup notes of it: see `SourceFaults`. */
export function faultsOf({ continuity, otherCopy }: SourcePast): {
  readonly isTruncated: boolean;
  readonly hasOtherCopy: boolean;
  readonly mayLack: boolean;
} {
  return {
    isTruncated: continuity.kind === 'lost',
    hasOtherCopy: otherCopy.kind === 'other',
    mayLack: continuity.kind === 'unknown' || otherCopy.kind === 'unknown',
  };
}
