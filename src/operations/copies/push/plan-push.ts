import { type CopiedTags, readCopiedTags } from '../../../copies/copied-tags.ts';
import type { PointName } from '../../../copies/layout/keys.ts';
import { removedPoints } from '../../../copies/read-copy.ts';
import type { Copying } from '../copying.ts';
import { lackingPoints } from '../lacking-points.ts';
import type { LocalPoint } from '../local-points.ts';
import type { LocalDoubts } from '../prune/local-doubts.ts';
import { pushTags, tagChanges } from '../tags/push-tags.ts';
import type { PushRun } from './push-run.ts';

/** What comes to a copy. */
export interface PushPlan {
  readonly lacking: readonly LocalPoint[];
  /** What was removed from it, in the order in which it came. */
  readonly gone: readonly PointName[];
  /** Those that it has then. */
  readonly tags: CopiedTags;
}

/** What belongs into the copy. Tags come before their points. */
export async function planPush(
  { copy, below, local, tags: localTags }: Copying,
  {
    there,
    doubts,
    run,
  }: {
    readonly there: readonly PointName[];
    readonly doubts: LocalDoubts;
    readonly run: PushRun;
  },
): Promise<PushPlan> {
  const tags = await readCopiedTags(below);
  const changes = tagChanges(localTags, tags);
  for (const change of changes) tags.add({ ...change, atMs: run.now().getTime() });
  const gone = await removedPoints(below);
  const lacking = lackingPoints(local, { there, removed: gone, tags, keeping: copy, doubts });
  await pushTags(changes, { points: [...there, ...lacking], run });
  return { lacking, gone, tags };
}
