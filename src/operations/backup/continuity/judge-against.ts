import { parseTid } from '../../../filestorage/tid.ts';
import type { ChainLink } from '../../../repository/layout/chain.ts';
import { type Continuity, judgeContinuity } from '../../../repository/lineage/continuity.ts';
import {
  type JudgedSource,
  readFewFacts,
  readObjectFacts,
} from '../../../repository/lineage/continuity-facts.ts';
import type { Store } from '../../../stores/store.ts';
import { type JobContext, stoppable, withStep } from '../../run/events.ts';

/**
 * Whether a Data.fs goes on from what was backed up. Reads all of it, and all of the backups, only where the end of
 * the Data.fs doesn't tell.
 *
 * @param base - from a full backup on
 */
export async function judgeAgainst(
  judged: JudgedSource,
  {
    store,
    base,
    context,
  }: {
    readonly store: Store;
    readonly base: readonly ChainLink[];
    readonly context: JobContext;
  },
): Promise<Continuity> {
  const last = parseTid(base.at(-1)?.record?.lastTid ?? '');
  if (last === undefined) return { kind: 'unknown', objects: undefined };
  const facts = await readFewFacts(judged, last);
  const answer = judgeContinuity(facts);
  if (answer.kind !== 'unknown') return answer;
  const objects = await withStep(context, {
    step: 'compare',
    totalBytes: (base.at(-1)?.range.end ?? 0) + judged.end.position,
    work: (progress) =>
      readObjectFacts(judged, {
        store,
        base,
        progress: stoppable(progress, context.signal),
      }),
  });
  return judgeContinuity({ ...facts, objects });
}
