import type { Site } from '../../../config/model/site.ts';
import type { JobContext } from '../../run/events.ts';
import type { PushRun } from '../push-run.ts';
import { readLocalDoubts } from './local-doubts.ts';
import { pointsTooOld } from './old-chains.ts';
import { removePoints } from './remove-points.ts';
import { sweepStorage } from './sweep-storage.ts';

/** How old backups go from a copy. */
export interface CopyPruning {
  readonly site: Site;
  /** Chains of each place that stay; 0: all. */
  readonly keep: number;
  readonly run: PushRun;
}

/**
 * Removes old restore points from a copy, and the objects that no record names any more. Nothing goes while the live
 * site lacks blobs that backups have. Returns how many points went.
 */
export async function pruneCopy(
  { site, keep, run }: CopyPruning,
  context: JobContext,
): Promise<number> {
  const { points } = run;
  if (keep === 0) return 0;
  const { isHeld, isSound } = await readLocalDoubts(site, context);
  const old = isHeld ? [] : pointsTooOld(points.names, { keep, isSound });
  if (old.length > 0) await removePoints(old, run);
  const storages = new Set([
    ...site.storages.map(({ name }) => name),
    ...old.map(({ place }) => place.storage),
  ]);
  for (const storage of storages) {
    const force = old.some(({ place }) => place.storage === storage);
    await sweepStorage(storage, { run, force });
  }
  return old.length;
}
