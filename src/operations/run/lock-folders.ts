import { holdBlobFolder, lockBlobFolder } from '../../blobs/layout/blob-folder.ts';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import { keyOfPlace } from '../../system/files/place.ts';
import type { LockRequest } from '../../system/locks/lock-request.ts';
import { DisposableStack } from '../../system/streams/disposable-stack.ts';

/** The folders that a run works on. */
export interface RunFolders {
  readonly repositories: readonly string[];
  readonly blobFolders: readonly string[];
}

/** How they are locked, for what a run has opened: what was read before is read again when they are. */
export interface Locking {
  readonly backups: OpenBackups;
  readonly request: LockRequest;
}

/**
 * Locks all folders that a run writes to, before it begins: no other run comes in between its steps.
 * They are there. What killed runs left unfinished is removed. Failure `locked`.
 */
export async function lockFolders(
  folders: RunFolders,
  { backups, request }: Locking,
): Promise<AsyncDisposable> {
  const locks = await lockInOrder(folders, async ({ path, holds }) =>
    holds === 'blobs'
      ? lockBlobFolder(await backups.blobFolder(path), request)
      : (await backups.repository(path)).store.lock(request),
  );
  backups.reread();
  return locks;
}

/**
 * Keeps other runs from removing, in these folders, what a restore reads; where that can't be, it
 * reads without: `Store.hold`. Failure `locked`.
 */
export async function holdFolders(
  folders: RunFolders,
  { backups, request }: Locking,
): Promise<AsyncDisposable> {
  const locks = await lockInOrder(folders, async ({ path, holds }) =>
    holds === 'blobs'
      ? holdBlobFolder(await backups.blobFolder(path), request)
      : (await backups.repository(path)).store.hold(request),
  );
  backups.reread();
  return locks;
}

interface LockedPlace {
  readonly path: string;
  /** A folder that has both is treated as one with blobs: that includes the other. */
  readonly holds: 'backups' | 'blobs';
}

/**
 * One folder after the other, in the order of their places: two runs that wait for each other's folders take
 * them in the same order, so that neither waits for ever. Each once, whatever it is called.
 */
async function lockInOrder(
  { repositories, blobFolders }: RunFolders,
  lock: (place: LockedPlace) => Promise<AsyncDisposable | undefined>,
): Promise<AsyncDisposable> {
  const places = new Map<string, LockedPlace>();
  for (const path of repositories) places.set(await keyOfPlace(path), { path, holds: 'backups' });
  for (const path of blobFolders) places.set(await keyOfPlace(path), { path, holds: 'blobs' });
  const ordered = [...places].sort(([a], [b]) => (a < b ? -1 : 1));
  await using locks = new DisposableStack();
  for (const [, place] of ordered) locks.use(await lock(place));
  return locks.move();
}
