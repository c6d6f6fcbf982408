import { formatTid } from '../../../filestorage/tid.ts';
import { readFingerprint } from '../../../repository/records/fingerprints.ts';
import type { Store } from '../../../stores/store.ts';
import type { OpenedSource } from '../../../system/files/byte-source.ts';
import type { JobContext } from '../../run/events.ts';
import { refuseOtherObjects, takeFingerprint } from '../../run/states/checked-fingerprint.ts';
import type { RestorePlan } from '../restore-plan.ts';
import type { CutOfRestore } from './cut-log.ts';

/**
 * Reads a log that is cut within a backup, where somebody has verified its moment before: no checksum tells what it is.
 * Failure `damaged` where it doesn't have the objects that were there then.
 *
 * @param open - gives the log: restored, or in the backup
 */
export async function holdAgainstFingerprint(
  { point, cut }: CutOfRestore,
  {
    open,
    target,
    store,
    context,
  }: Pick<RestorePlan, 'target'> & {
    readonly open: () => Promise<OpenedSource>;
    readonly store: Store;
    readonly context: JobContext;
  },
): Promise<void> {
  const remembered = await readFingerprint(store, point);
  if (remembered === undefined) return;
  await using log = await open();
  const found = await takeFingerprint(log, { step: 'verify', context });
  const action = `restore "${target}" as of ${formatTid(cut.tid)}`;
  refuseOtherObjects({ found, remembered }, { action, hint: { kind: 'earlier-date' } });
}
