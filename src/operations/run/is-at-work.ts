import type { OpenBackups } from '../../blobs/open-backups.ts';
import { seemsAtWork } from '../../system/locks/run-lock.ts';

/** Whether a run seems to be at work in a repository, for who only looks. @param repository - undefined: there is none */
export async function isAtWork(
  repository: string | undefined,
  { now, backups }: { readonly now: Date; readonly backups: OpenBackups },
): Promise<boolean> {
  if (repository === undefined) return false;
  return seemsAtWork(await (await backups.repository(repository)).store.holder(), now);
}
