import { Failure, isFailure } from '../system/failure.ts';
import type { Hint } from '../system/remedy.ts';
import type { Store } from './store.ts';

/**
 * For who looks for backups. Failure `not-found` where the store isn't there: a site that has none yet, most often.
 *
 * @param hint - where to look; absent: for backups of a Data.fs
 */
export async function requireBackups(
  store: Pick<Store, 'name' | 'requireThere'>,
  hint: Hint = { kind: 'find-backups' },
): Promise<void> {
  try {
    await store.requireThere();
  } catch (cause) {
    if (!isFailure(cause, 'not-found')) throw cause;
    throw new Failure('not-found', `Cannot find backups: there is no folder "${store.name}"`, {
      hint,
      cause,
    });
  }
}
