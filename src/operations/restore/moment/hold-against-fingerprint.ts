import { formatTid } from '../../../filestorage/tid.ts';
import { readFingerprint } from '../../../repository/records/fingerprints.ts';
import { fingerprintOf } from '../../../states/fingerprint.ts';
import type { Store } from '../../../stores/store.ts';
import { Failure } from '../../../system/failure.ts';
import { openFileSource } from '../../../system/files/byte-source.ts';
import { type JobContext, stoppable, withStep } from '../../run/events.ts';
import type { RestorePlan } from '../restore-plan.ts';
import type { CutOfRestore } from './cut-log.ts';

/**
 * Reads a restored Data.fs, where somebody has verified its moment before: no checksum tells what a log is that is cut
 * within a backup. Failure `damaged` where it doesn't have the objects that were there then.
 *
 * @param path - of the Data.fs, which has its name not yet
 */
export async function holdAgainstFingerprint(
  { point, cut }: CutOfRestore,
  {
    path,
    target,
    store,
    context,
  }: Pick<RestorePlan, 'target'> & {
    readonly path: string;
    readonly store: Store;
    readonly context: JobContext;
  },
): Promise<void> {
  const remembered = await readFingerprint(store, point);
  if (remembered === undefined) return;
  await using log = await openFileSource(path);
  const found = await withStep(context, {
    step: 'verify',
    totalBytes: log.sizeBytes,
    work: (progress) => {
      progress.onFile(path);
      return fingerprintOf(log, stoppable(progress, context.signal));
    },
  });
  if (found.sum === remembered.sum) return;
  throw new Failure(
    'damaged',
    `Cannot restore "${target}" as of ${formatTid(cut.tid)}: it has ${found.objects} objects with the fingerprint ${found.sum}, and a verification found ${remembered.objects} with ${remembered.sum}`,
    { hint: { kind: 'earlier-date' } },
  );
}
