import { Failure } from '../../../system/failure.ts';
import type { ObjectStore } from '../object-store.ts';
import { type FoundLease, findLease, isSame, writeOver } from './standing-lease.ts';

/**
 * Ends a lock as it was found, whoever holds it: the holder finds out before it writes anything that counts. Failure
 * `locked` where another record stands there by now.
 */
export async function endLease(
  found: Exclude<FoundLease, { readonly kind: 'absent' }>,
  { store, key }: { readonly store: ObjectStore; readonly key: string },
): Promise<void> {
  if (await isEnded(found, { store, key })) return;
  throw new Failure('locked', `Cannot unlock ${store.name}: the lock has changed meanwhile`, {
    hint: 'Its holder is alive, or another run has taken it over. Look again.',
  });
}

async function isEnded(
  found: Exclude<FoundLease, { readonly kind: 'absent' }>,
  { store, key }: { readonly store: ObjectStore; readonly key: string },
): Promise<boolean> {
  if (found.kind === 'standing' && store.conditions !== 'absent') {
    const { record } = found;
    const freed = { ...record, state: 'free', counter: record.counter + 1 } as const;
    return (await writeOver(found, freed, { store, key })) !== undefined;
  }
  if (found.kind === 'standing' && !isSame(await findLease(store, key), found)) return false;
  await store.remove([key]);
  return true;
}
