import { HEADS_PREFIX, LEASE_KEY, sitePrefix } from '../../copies/layout/keys.ts';
import { decodeName } from '../../copies/layout/place.ts';
import { endLease } from '../../stores/objects/lease/end-lease.ts';
import type { LeaseRecord } from '../../stores/objects/lease/lease-record.ts';
import { type FoundLease, findLease } from '../../stores/objects/lease/standing-lease.ts';
import type { ObjectStore } from '../../stores/objects/object-store.ts';
import {
  type ObjectStoreSettings,
  openObjectStore,
} from '../../stores/objects/open-object-store.ts';
import { Failure } from '../../system/failure.ts';
import { lookAtProcess } from '../../system/processes/process-identity.ts';

/** A lock that somebody holds. */
export interface HeldCopyLock {
  /** Whose copy it is. */
  readonly site: string;
  /** Undefined where it can't be read. */
  readonly holder: LeaseRecord | undefined;
  /** Whether the run that holds it is at work: unknown of another machine. */
  readonly process: 'runs' | 'ended' | 'unknown';
  readonly found: Exclude<FoundLease, { readonly kind: 'absent' }>;
}

/** A lock, and whether it was ended. */
export interface UnlockedCopy {
  readonly lock: HeldCopyLock;
  readonly isEnded: boolean;
}

/**
 * Ends the locks in a place with copies, each after a question. Failure `locked` where the run of one is at work on this
 * machine, or another run has it by then.
 *
 * @param site - the site that is meant; undefined: all that have a head there, as after the first complete run
 */
export async function unlockPlace(
  place: string,
  {
    site,
    agrees,
    ...settings
  }: ObjectStoreSettings & {
    readonly site: string | undefined;
    readonly agrees: (lock: HeldCopyLock) => Promise<boolean>;
  },
): Promise<readonly UnlockedCopy[]> {
  await using store = await openObjectStore(place, settings);
  const unlocked: UnlockedCopy[] = [];
  for (const lock of await heldLocks(store, site)) {
    requireNotAtWork(store, lock);
    const isEnded = await agrees(lock);
    if (isEnded) await endLease(lock.found, { store, key: lockKey(lock.site) });
    unlocked.push({ lock, isEnded });
  }
  return unlocked;
}

async function heldLocks(
  store: ObjectStore,
  site: string | undefined,
): Promise<readonly HeldCopyLock[]> {
  const sites = site === undefined ? await sitesIn(store) : [site];
  const locks: HeldCopyLock[] = [];
  for (const one of sites) {
    const found = await findLease(store, lockKey(one));
    if (found.kind === 'absent') continue;
    if (found.kind === 'standing' && found.record.state === 'free') continue;
    const holder = found.kind === 'standing' ? found.record : undefined;
    const process = holder === undefined ? 'unknown' : await lookAtProcess(holder.process);
    locks.push({ site: one, holder, process, found });
  }
  return locks;
}

function requireNotAtWork(store: ObjectStore, { process, holder }: HeldCopyLock): void {
  if (process !== 'runs') return;
  const pid = holder?.process.pid;
  throw new Failure('locked', `Cannot unlock ${store.name}: process ${pid} is at work there`, {
    hint: 'It runs on this machine. Wait until it has ended, or end it.',
  });
}

function lockKey(site: string): string {
  return `${sitePrefix(site)}${LEASE_KEY}`;
}

async function sitesIn(store: ObjectStore): Promise<readonly string[]> {
  const sites: string[] = [];
  for await (const page of store.pages(HEADS_PREFIX)) {
    for (const { key } of page) {
      const [, name = ''] = /^heads\/(.+)\.json$/.exec(key) ?? [];
      const site = decodeName(name);
      if (site !== undefined) sites.push(site);
    }
  }
  return sites;
}
