import { isFailure } from '../../../system/failure.ts';
import { collectSmall } from '../../../system/streams/pipeline.ts';
import type { ObjectStore } from '../object-store.ts';
import { decodeLeaseRecord, encodeLeaseRecord, type LeaseRecord } from './lease-record.ts';
import { needsSingleWriter } from './needs-single-writer.ts';

/** What has the key of a lock. */
export type FoundLease =
  | { readonly kind: 'absent' }
  | StandingLease
  | { readonly kind: 'unreadable'; readonly version: string | undefined };

/** A record that stands there, and the version of its object. */
export interface StandingLease {
  readonly kind: 'standing';
  readonly record: LeaseRecord;
  readonly version: string | undefined;
}

/** Reads the lock of a copy. Failures: those of the store. */
export async function findLease(store: ObjectStore, key: string): Promise<FoundLease> {
  // The version first: if both change before the bytes are read, a condition on it is not met.
  const seen = await store.look(key);
  if (seen === undefined) return { kind: 'absent' };
  const { version } = seen;
  try {
    const record = decodeLeaseRecord(await collectSmall(store.read(key)));
    if (record !== undefined) return { kind: 'standing', record, version };
    return { kind: 'unreadable', version };
  } catch (error) {
    if (isFailure(error, 'not-found')) return { kind: 'absent' };
    if (isFailure(error, 'damaged')) return { kind: 'unreadable', version };
    throw error;
  }
}

/**
 * Writes a record in place of what was found, if that still stands there. Undefined where it doesn't: nothing was
 * written. A store without conditions is looked at first, and can't do better. Failure `refused` where a store turns down
 * a condition that is met: Ceph does in a bucket that keeps versions.
 */
export async function writeOver(
  found: FoundLease,
  record: LeaseRecord,
  { store, key }: { readonly store: ObjectStore; readonly key: string },
): Promise<StandingLease | undefined> {
  const content = encodeLeaseRecord(record);
  switch (store.conditions) {
    case 'none': {
      if (!isSame(await findLease(store, key), found)) return undefined;
      await store.put(key, content);
      return { kind: 'standing', record, version: undefined };
    }
    case 'absent':
    case 'both': {
      const condition = conditionOf(found);
      if (condition === undefined) return undefined;
      const outcome = await store.put(key, content, condition);
      if (outcome.kind === 'put' && outcome.version !== undefined)
        return { kind: 'standing', record, version: outcome.version };
      // It may be ours all the same: an answer that was lost on its way is asked for once more, and meets our own record.
      const now = await findLease(store, key);
      if (now.kind === 'standing' && isSameRecord(now.record, record)) return now;
      // Who writes counts one more: what was replaced never comes back.
      if (outcome.kind === 'refused' && now.kind === 'standing' && isSame(now, found))
        throw needsSingleWriter(store);
      return undefined;
    }
    default:
      return store.conditions satisfies never;
  }
}

/** Whether two looks saw the same. */
export function isSame(one: FoundLease, other: FoundLease): boolean {
  if (one.kind === 'standing' && other.kind === 'standing')
    return isSameRecord(one.record, other.record);
  return one.kind === 'absent' && other.kind === 'absent';
}

function isSameRecord(one: LeaseRecord, other: LeaseRecord): boolean {
  return one.owner === other.owner && one.counter === other.counter && one.state === other.state;
}

/** Undefined where the store has no version of it. */
function conditionOf(found: FoundLease) {
  if (found.kind === 'absent') return { kind: 'absent' } as const;
  if (found.version === undefined) return undefined;
  return { kind: 'unchanged', version: found.version } as const;
}
