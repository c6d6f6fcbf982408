import type { OpenBackups } from '../../blobs/open-backups.ts';
import { resolveTarget } from '../../repository/moment/resolve-target.ts';
import type { RestorePoint, WantedPoint } from '../../repository/restore-point.ts';
import { requireBackups } from '../../stores/require-backups.ts';
import type { Store } from '../../stores/store.ts';

/** A restore point, and where its files are. */
export interface OpenedPoint {
  readonly store: Store;
  readonly point: RestorePoint;
}

/** Finds the restore point of a folder that a target stands for. Failures: see {@link resolveTarget}. */
export async function openPoint(
  folder: string,
  { backups, ...wanted }: WantedPoint & { readonly backups: OpenBackups },
): Promise<OpenedPoint> {
  const repository = await backups.repository(folder);
  const { store } = repository;
  await requireBackups(store);
  return { store, point: await resolveTarget(repository, wanted) };
}
