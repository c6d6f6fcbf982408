import { basename } from 'node:path';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import type { BlobStorage } from './site-folders.ts';

/** What a folder of backups holds, counted as a list of restore points counts it. */
export interface KeptBackups {
  readonly restorePoints: number;
  /** What they take of the disk. Copies of blobs share their files, so they are not in it. */
  readonly storedBytes: number;
}

/** The restore points of a Data.fs. Reads nothing that this run has read already. */
export async function keptIn(repository: OpenRepository): Promise<KeptBackups> {
  const files = (await repository.chains()).flatMap(({ links }) => links.map(({ file }) => file));
  return {
    restorePoints: files.length,
    storedBytes: files.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
  };
}

/** The same where only blobs are backed up: each backup of them is a restore point. */
export async function keptBlobsIn(
  { folder, source }: BlobStorage,
  backups: OpenBackups,
): Promise<KeptBackups> {
  const { entries } = await (await backups.blobFolder(folder)).catalogue(basename(source));
  const found = entries.filter(({ form }) => form !== 'state');
  return {
    restorePoints: found.length,
    storedBytes: found.reduce((sum, { record }) => sum + (record?.archive?.sizeBytes ?? 0), 0),
  };
}
