import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { BackupKind, Site } from '../../config/model/site.ts';
import { Failure } from '../../system/failure.ts';

/**
 * A folder with backups of blobs that a restore leaves out, as nothing says where they belong; undefined where there is
 * none. A site whose blob directory is gone looks like one that never had blobs: its backups tell otherwise.
 */
export async function blobsWithoutPlace(
  { contents, storages }: Site,
  { kind, backups }: { readonly kind: BackupKind; readonly backups: OpenBackups },
): Promise<string | undefined> {
  if (contents !== 'filestorages') return undefined;
  for (const { folders } of storages) {
    const folder = folders[kind]?.blobs;
    if (folder !== undefined && (await backups.isThere(folder))) return folder;
  }
  return undefined;
}

export function nothingSaysWhere({ part }: Site, folder: string): Failure {
  return new Failure(
    'usage',
    `Cannot restore "${part}": "${folder}" has blobs, and nothing says where they belong`,
    {
      hint: 'Nothing was changed. Make the empty folder for the blobs, as in "mkdir var/blobstorage", or name it with blob_storage in the configuration, without backup_blobs = false. To restore the Data.fs alone, say --no-blobs.',
    },
  );
}
