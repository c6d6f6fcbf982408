import { pointStampsOf } from '../../repository/layout/catalogue.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { BlobPlace } from '../layout/catalogue.ts';
import type { OpenBackups } from '../open-backups.ts';
import { blobsOfPoints } from './blobs-of-points.ts';
import { readOwnBlobs } from './ownership.ts';
import type { RetentionRepository } from './retention-repository.ts';

/**
 * Names of the blob backups that restore points need which have none of their own moment, as those of repozo: a restore
 * takes the ones before. They stay as long as these points.
 *
 * @param gone - stamps of the restore points that go in this run
 */
export async function findBorrowedBlobs(
  place: BlobPlace,
  {
    repository,
    backups,
    catalogue,
    gone,
    preferred,
  }: Pick<RetentionRepository, 'catalogue'> & {
    /** Its folder. */
    readonly repository: string;
    readonly backups: OpenBackups;
    readonly gone: ReadonlySet<Stamp>;
    readonly preferred: 'archives' | 'directories';
  },
): Promise<ReadonlySet<string>> {
  const stamps = pointStampsOf(catalogue).filter((stamp) => !gone.has(stamp));
  const { belongingTo } = blobsOfPoints(await readOwnBlobs(place, { repository, backups }), {
    stamps,
    preferred,
  });
  const borrowed = new Set<string>();
  for (const stamp of stamps) {
    const blobs = await belongingTo(stamp);
    if (blobs.kind === 'found' && blobs.match === 'earlier') borrowed.add(blobs.name);
  }
  return borrowed;
}
