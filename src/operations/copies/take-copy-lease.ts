import type { CopySettings } from '../../config/model/copy-settings.ts';
import { LEASE_KEY } from '../../copies/layout/keys.ts';
import { endLease } from '../../stores/objects/lease/end-lease.ts';
import type { Lease } from '../../stores/objects/lease/held-lease.ts';
import { findLease } from '../../stores/objects/lease/standing-lease.ts';
import { takeLease } from '../../stores/objects/lease.ts';
import type { ObjectStore } from '../../stores/objects/object-store.ts';
import { isFailure } from '../../system/failure.ts';
import { lookAtProcess } from '../../system/processes/process-identity.ts';

/** Takes the lock of a site in a copy. Failures: those of `takeLease`. */
export async function takeCopyLease(
  site: ObjectStore,
  { copy, signal }: { readonly copy: CopySettings; readonly signal: AbortSignal },
): Promise<Lease> {
  const request = { owner: 'copy', isSingleWriter: copy.singleWriter, signal };
  try {
    return await takeLease(site, LEASE_KEY, request);
  } catch (error) {
    if (!isFailure(error, 'locked') || !(await endLeftLease(site, copy))) throw error;
    return await takeLease(site, LEASE_KEY, request);
  }
}

/**
 * A lock in a folder doesn't run out. That of a process of this machine which was killed is ended here; of any other,
 * people decide. Two runs may do so at once: one of them notices before it writes anything that counts.
 */
async function endLeftLease(site: ObjectStore, { url }: CopySettings): Promise<boolean> {
  const isFolder = !url.includes('://') || url.startsWith('file://');
  if (!isFolder || site.conditions !== 'absent') return false;
  const found = await findLease(site, LEASE_KEY);
  if (found.kind !== 'standing') return found.kind === 'absent';
  if ((await lookAtProcess(found.record.process)) !== 'ended') return false;
  await endLease(found, { store: site, key: LEASE_KEY });
  return true;
}
