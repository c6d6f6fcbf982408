import { type BlobTally, tallyLike } from '../../blobs/archive/blob-tally.ts';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import { blobsNotIn, parseBlobPath } from '../../filestorage/blob-layout.ts';
import { isFailure } from '../../system/failure.ts';
import { readArchive } from '../run/read-archive.ts';
import type { BlobRun } from './blob-run.ts';

/** The blobs that a restore to an archive brings; undefined where it is damaged. Reads all of it. */
export async function blobsInArchive(
  run: BlobRun,
  entry: BlobEntry,
): Promise<readonly string[] | undefined> {
  const paths = new Set<string>();
  const add = (path: string) => {
    if (parseBlobPath(path) !== undefined) paths.add(path.replace(/^\.\//, ''));
  };
  try {
    await readArchive(entry.name, {
      store: run.store,
      context: run.context,
      onFile: add,
      onFolder: ({ path, unchanged }) => {
        for (const name of unchanged) add(`${path}${name}`);
      },
    });
  } catch (error) {
    if (!isFailure(error, 'damaged')) throw error;
    return undefined;
  }
  return [...paths];
}

/** The archive that a new backup is held against, and which of its blobs the live directory has now. */
export interface ComparedArchive {
  readonly entry: BlobEntry;
  readonly now: BlobTally;
}

/** The newest backup of this repository, if it is an archive: what is older, that has been held against. */
export function archiveToCompare(run: BlobRun): ComparedArchive | undefined {
  const entry = newestOwn(run);
  if (entry === undefined || entry.form === 'directory') return undefined;
  return { entry, now: tallyLike(entry.record?.blobs) };
}

/** The newest backup that was made for this repository; one that is replaced by this run is none. */
export function newestOwn(run: BlobRun): BlobEntry | undefined {
  const { repository } = run.settings;
  if (repository === null) return undefined;
  return run.catalogue.entries.find(
    (entry) =>
      entry.form !== 'state' &&
      entry.base === run.base &&
      entry.record?.repository === repository.id &&
      !run.spoilt.includes(entry),
  );
}

/**
 * Blobs that an archive has and the live directory lacks. It is read only where its tally says that something is
 * missing, as after a pack, or where it has none.
 */
export async function goneSinceArchive(
  run: BlobRun,
  { entry, now }: ComparedArchive,
): Promise<readonly string[]> {
  const recorded = entry.record?.blobs;
  if (recorded !== undefined && now.isOf(recorded)) return [];
  // What is damaged, a verification tells of.
  const paths = (await blobsInArchive(run, entry)) ?? [];
  return blobsNotIn(run.source, { paths, signal: run.context.signal });
}
