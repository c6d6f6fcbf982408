import { requireReadablePath } from '../../system/files/readable-name.ts';
import type { Site } from './site.ts';

/** Failure `usage` where a path of a site, whoever named it, has bytes that are no UTF-8. */
export function refuseUnreadablePaths({ storages }: Site): void {
  for (const { dataFs, blobs, folders } of storages) {
    const places = Object.values(folders).flatMap((one) => [one?.filestorage, one?.blobs]);
    for (const path of [dataFs, blobs, ...places]) {
      if (path !== undefined) requireReadablePath(path);
    }
  }
}
