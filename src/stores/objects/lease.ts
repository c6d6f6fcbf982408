import { randomBytes } from 'node:crypto';
import { Failure } from '../../system/failure.ts';
import { lookAtProcess, ownIdentity } from '../../system/processes/process-identity.ts';
import { clockOf, HeldLease, type Lease } from './lease/held-lease.ts';
import { describeLeaseHolder, type LeaseRecord } from './lease/lease-record.ts';
import { needsSingleWriter } from './lease/needs-single-writer.ts';
import { type FoundLease, findLease, writeOver } from './lease/standing-lease.ts';
import type { ObjectStore } from './object-store.ts';

/** For how long a lease is good, in milliseconds: an outage of a minute or two doesn't end it. */
export const LEASE_MS = 180_000;

/** Attempts to take a lock that others take at the same moment. */
const ATTEMPTS = 5;

export interface LeaseRequest {
  /** What the run does, for whoever finds the lock held: `backup`. */
  readonly owner: string;
  /** Whether somebody declares that no other machine writes there: needed where the store keeps to no condition. */
  readonly isSingleWriter: boolean;
  readonly signal: AbortSignal;
  /** By default {@link LEASE_MS}. */
  readonly lastsMs?: number;
}

/**
 * Takes the lock of a copy: an object that says who holds it, and until when by the clock of the store. It is renewed
 * while it is held.
 *
 * - A store that keeps to both conditions: each record takes the place of one that is known, so two runs never both
 *   have the lock. It is given back by a record that says so, never by a removal, which has no condition. One that ran
 *   out is taken over, and so is one whose process was on this machine and has ended.
 * - A store that only makes what isn't there: the lock doesn't run out. `endLease` ends that of a run that was killed.
 * - A store that keeps to none: there may be one writer only. It looks for others all the same.
 *
 * Failures: `locked`, with who holds it; `refused` where the store can't keep two writers apart, and nobody declares
 * that there is one.
 */
export async function takeLease(
  store: ObjectStore,
  key: string,
  { owner, isSingleWriter, signal, lastsMs = LEASE_MS }: LeaseRequest,
): Promise<Lease> {
  if (store.conditions === 'none' && !isSingleWriter) throw needsSingleWriter(store);
  const clock = await clockOf(store);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    signal.throwIfAborted();
    const found = await findLease(store, key);
    const nowMs = clock();
    if (!(await isFree(found, { store, nowMs }))) throw heldBy(found, { store, nowMs });
    const record: LeaseRecord = {
      format: 1,
      state: 'held',
      owner: randomBytes(16).toString('hex'),
      counter: found.kind === 'standing' ? found.record.counter + 1 : 1,
      command: owner,
      process: await ownIdentity(),
      since: new Date(nowMs).toISOString(),
      ...(store.conditions !== 'absent' && { expires: new Date(nowMs + lastsMs).toISOString() }),
    };
    const standing = await writeOver(found, record, { store, key });
    if (standing !== undefined) return new HeldLease(store, { key, standing, clock, lastsMs });
  }
  throw new Failure('locked', `Cannot lock ${store.name}: other runs take the lock all the time`, {
    hint: { kind: 'wait-for-run' },
  });
}

/** Whether a run may take the lock. */
async function isFree(
  found: FoundLease,
  { store, nowMs }: { readonly store: ObjectStore; readonly nowMs: number },
): Promise<boolean> {
  switch (found.kind) {
    case 'absent':
      return true;
    case 'unreadable':
      return false;
    case 'standing': {
      if (store.conditions === 'absent') return false;
      const { state, expires, process } = found.record;
      if (state === 'free' || (expires !== undefined && nowMs > Date.parse(expires))) return true;
      return (await lookAtProcess(process)) === 'ended';
    }
    default:
      return found satisfies never;
  }
}

function heldBy(
  found: FoundLease,
  { store, nowMs }: { readonly store: ObjectStore; readonly nowMs: number },
): Failure {
  const holder =
    found.kind === 'standing'
      ? describeLeaseHolder(found.record, nowMs)
      : 'what stands in its lock is of a later version, or damaged';
  return new Failure('locked', `Cannot lock ${store.name}: another run holds it (${holder})`, {
    hint: { kind: 'end-lock-elsewhere', store: store.name },
  });
}
