import { Failure, isFailure } from '../system/failure.ts';
import { requireFolder } from './folder-store.ts';
import type { Store } from './store.ts';

/** For who looks for backups. Failure `not-found` where the store isn't there: a site that has none yet, most often. */
export async function requireBackups(store: Pick<Store, 'name' | 'requireThere'>): Promise<void> {
  try {
    await store.requireThere();
  } catch (cause) {
    if (!isFailure(cause, 'not-found')) throw cause;
    throw new Failure('not-found', `Cannot find backups: there is no folder "${store.name}"`, {
      hint: { kind: 'find-backups' },
      cause,
    });
  }
}

/** The same of a folder that nobody has opened. */
export function requireBackupFolder(path: string): Promise<void> {
  return requireBackups({ name: path, requireThere: () => requireFolder(path) });
}
