import type { BlobEntry, BlobPlace } from '../../blobs/layout/catalogue.ts';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import { type BlobReading, readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import { type Catalogue, stampsOf } from '../../repository/layout/catalogue.ts';
import { nextStamp, parseStamp, type Stamp } from '../../repository/layout/stamp.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { readChecks } from '../../repository/records/check-results.ts';
import { readGoingBlobs } from '../../repository/records/going-blobs.ts';

/**
 * The stamp for a new backup of a Data.fs. It is newer than all that is there, the blob backups of the site included.
 * It is none that a backup had which is gone: blobs of that one, or what a look has found in it, may still be there.
 */
export async function newStamp(
  repository: OpenRepository,
  {
    now,
    catalogue,
    blobs,
    backups,
  }: {
    readonly now: Date;
    readonly catalogue: Catalogue;
    readonly blobs: BlobPlace | undefined;
    readonly backups: OpenBackups;
  },
): Promise<Stamp> {
  const { store, name } = repository;
  const going = new Set<Stamp>(await readGoingBlobs(store));
  const ofBlobs =
    blobs === undefined ? [] : await stampsOfBlobs(blobs, { repository: name, backups });
  const there = [...stampsOf(catalogue), ...ofBlobs.filter((stamp) => !going.has(stamp))];
  const checked = (await readChecks(store)).flatMap(({ stamp }) => parseStamp(stamp) ?? []);
  const gone = new Set([...going, ...checked]);
  let stamp = nextStamp(now, there);
  while (gone.has(stamp)) stamp = nextStamp(now, [stamp]);
  return stamp;
}

/** Those that no file time has made up. */
async function stampsOfBlobs(blobs: BlobPlace, reading: BlobReading): Promise<readonly Stamp[]> {
  const { entries, foreign } = await readOwnBlobs(blobs, reading);
  const isNamed = ({ stampFrom }: BlobEntry) => stampFrom !== 'file-time';
  return [...entries, ...foreign].filter(isNamed).map(({ stamp }) => stamp);
}
