import { stat } from 'node:fs/promises';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import { readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import type { Site } from '../../config/model/site.ts';
import { momentOfStamp, type Stamp } from '../../repository/layout/stamp.ts';
import type { Store } from '../../stores/store.ts';
import { withSystemErrors } from '../../system/failure.ts';
import { freeSpaceOf } from '../../system/files/free-space.ts';
import { isThere } from '../../system/files/presence.ts';
import { severalAtATime } from '../../system/streams/cooperative.ts';
import { type BackupPlace, findBackupPlaces } from '../run/backup-places.ts';
import { type Addition, daysUntilFull } from './disk-forecast.ts';

/** A disk that holds backups of a site. */
export interface BackupDisk {
  /** Folders of Data.fs backups and of blob backups that are on it. */
  readonly folders: readonly string[];
  readonly freeBytes: number;
  readonly diskBytes: number;
  /** As all backups of the site on it grow, of every kind: {@link daysUntilFull}. */
  readonly daysUntilFull: number | undefined;
}

/** The disks with the backups of a site. Failure `not-found` where there are none. */
export async function readBackupDisks(
  site: Site,
  { now, backups }: { readonly now: Date; readonly backups: OpenBackups },
): Promise<readonly BackupDisk[]> {
  const disks = new Map<number, Growth[]>();
  for (const place of await findBackupPlaces(site, { kind: 'all', backups })) {
    for (const growth of await growthsOf(place, backups)) {
      const { dev } = await withSystemErrors(`look at "${growth.folder}"`, () =>
        stat(growth.folder),
      );
      disks.set(dev, [...(disks.get(dev) ?? []), growth]);
    }
  }
  return Promise.all([...disks.values()].map((growths) => forecastOf(growths, now)));
}

/** Whether every backup stays until somebody removes it by hand. */
export function keepsAll({ contents, keep, keepRules, keepBlobDays }: Site): boolean {
  const isNoneSaid = keep === 0 && keepRules === undefined;
  return isNoneSaid && (contents !== 'blobs' || keepBlobDays === 0);
}

/** What the backups of one storage have added to one folder. */
interface Growth {
  readonly folder: string;
  readonly additions: readonly Addition[];
}

async function forecastOf(growths: readonly Growth[], now: Date): Promise<BackupDisk> {
  const folders = growths.map(({ folder }) => folder);
  const space = await freeSpaceOf(folders[0] ?? '/');
  const series = growths.map(({ additions }) => additions);
  return { folders, ...space, daysUntilFull: daysUntilFull(series, { ...space, now }) };
}

async function growthsOf(
  { repository, blobs }: BackupPlace,
  backups: OpenBackups,
): Promise<readonly Growth[]> {
  const growths: Growth[] = [];
  if (repository !== undefined) {
    const { chains } = await (await backups.repository(repository)).catalogue();
    const files = chains.flatMap(({ full, increments }) => [full, ...increments]);
    const additions = files.flatMap(({ stamp, storedBytes }) => added(stamp, storedBytes));
    growths.push({ folder: repository, additions });
  }
  if (blobs !== undefined && (await isThere(blobs.folder))) {
    const { folder } = blobs;
    const { store, entries } = await readOwnBlobs(blobs, { repository, backups });
    const oldestFirst = entries.toReversed();
    const isCopy = ({ form }: BlobEntry) => form === 'directory';
    const additions = [
      ...addedByCopies(oldestFirst.filter(isCopy)),
      ...(await addedByArchives(
        store,
        oldestFirst.filter((entry) => !isCopy(entry)),
      )),
    ];
    growths.push({ folder, additions });
  }
  return growths;
}

/**
 * A copy shares with the one before what both have, by hard links: what it adds is what it has more. What other
 * programs made tells nothing of its size.
 */
function addedByCopies(copies: readonly BlobEntry[]): readonly Addition[] {
  let before = 0;
  return copies.flatMap(({ stamp, record }) => {
    if (record?.content === undefined) return [];
    const { bytes } = record.content;
    const more = Math.max(0, bytes - before);
    before = bytes;
    return added(stamp, more);
  });
}

async function addedByArchives(
  store: Store,
  archives: readonly BlobEntry[],
): Promise<readonly Addition[]> {
  const additions = await severalAtATime(archives, async ({ name, stamp }) => {
    // Gone meanwhile: then it takes no room.
    const entry = await store.look(name);
    return added(stamp, entry?.kind === 'file' ? entry.sizeBytes : 0);
  });
  return additions.flat();
}

function added(stamp: Stamp, bytes: number): readonly Addition[] {
  const moment = momentOfStamp(stamp);
  return moment === undefined ? [] : [{ moment, bytes }];
}
