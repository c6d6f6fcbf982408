import type { CopySettings } from '../../config/model/copy-settings.ts';
import { LEASE_KEY } from '../../copies/layout/keys.ts';
import { endLease } from '../../stores/objects/lease/end-lease.ts';
import type { Lease } from '../../stores/objects/lease/held-lease.ts';
import { findLease } from '../../stores/objects/lease/standing-lease.ts';
import { takeLease } from '../../stores/objects/lease.ts';
import type { ObjectStore } from '../../stores/objects/object-store.ts';
import { isFailure } from '../../system/failure.ts';
import { pause } from '../../system/locks/lock-request.ts';
import { lookAtProcess } from '../../system/processes/process-identity.ts';
import type { JobContext } from '../run/events.ts';

/** How long to wait before the next look at a lock that another run holds. */
const LOOK_EVERY_MS = 1000;

/** Takes the lock of a site in a copy; waits for other runs as long as the job does. Failures: those of `takeLease`. */
export async function takeCopyLease(
  site: ObjectStore,
  {
    copy,
    command,
    context: { signal, waitSeconds = 0 },
  }: {
    readonly copy: Pick<CopySettings, 'url' | 'singleWriter'>;
    /** For whoever finds the lock held. */
    readonly command: 'copy' | 'prune';
    readonly context: Pick<JobContext, 'signal' | 'waitSeconds'>;
  },
): Promise<Lease> {
  const giveUpAt = performance.now() + waitSeconds * 1000;
  const request = { owner: command, isSingleWriter: copy.singleWriter, signal };
  for (;;) {
    try {
      return await takeLease(site, LEASE_KEY, request);
    } catch (error) {
      if (!isFailure(error, 'locked')) throw error;
      if (await endLeftLease(site, copy)) continue;
      const leftMs = giveUpAt - performance.now();
      if (leftMs <= 0) throw error;
      await pause(Math.min(LOOK_EVERY_MS, leftMs), signal);
    }
  }
}

/**
 * A lock in a folder doesn't run out. That of a process of this machine which was killed is ended here; of any other,
 * people decide. Two runs may do so at once: one of them notices before it writes anything that counts.
 */
async function endLeftLease(
  site: ObjectStore,
  { url }: Pick<CopySettings, 'url'>,
): Promise<boolean> {
  const isFolder = !url.includes('://') || url.startsWith('file://');
  if (!isFolder || site.conditions !== 'absent') return false;
  const found = await findLease(site, LEASE_KEY);
  if (found.kind !== 'standing') return found.kind === 'absent';
  if ((await lookAtProcess(found.record.process)) !== 'ended') return false;
  await endLease(found, { store: site, key: LEASE_KEY });
  return true;
}
