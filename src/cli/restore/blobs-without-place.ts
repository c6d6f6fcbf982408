import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { BackupKind, Site } from '../../config/model/site.ts';
import { Failure } from '../../system/failure.ts';

/**
 * A site whose blob directory is gone looks like one that never had blobs: its own folders with backups tell
 * otherwise, and so does a copy. Failure `usage` where a copy has blobs, and nothing says where they belong.
 */
export async function refuseBlobsWithoutPlace(
  { contents, storages }: Site,
  { kind, backups }: { readonly kind: BackupKind; readonly backups: OpenBackups },
): Promise<void> {
  if (contents !== 'filestorages') return;
  for (const { name, folders } of storages) {
    const folder = folders[kind]?.blobs;
    if (folder === undefined) continue;
    if (!(await backups.isThere(folder))) continue;
    throw new Failure(
      'usage',
      `Cannot restore "${name}": "${folder}" has blobs, and nothing says where they belong`,
      {
        hint: 'Nothing was changed. Make the empty folder for the blobs, as in "mkdir var/blobstorage", or name it with blob_storage in the configuration, without backup_blobs = false. To restore the Data.fs alone, say --no-blobs.',
      },
    );
  }
}
