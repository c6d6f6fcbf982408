import { readdir, realpath, stat } from 'node:fs/promises';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import { isExcluded } from '../../blobs/layout/exclusions.ts';
import { type BlobReading, readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import { isAbsent } from '../../system/absent.ts';
import { Failure, withSystemErrors } from '../../system/failure.ts';
import { isWithin, placeOf } from '../../system/files/place.ts';
import { requireReadablePath } from '../../system/files/readable-name.ts';

/**
 * Whether there is a blob directory to back up. Failures: `not-found`, `usage`; `refused` for one that
 * is empty and was not at the last backup: its disk isn't mounted, and in time, backups of nothing
 * would push out those of the blobs.
 */
export async function checkBlobSource(
  path: string,
  { folder, ...reading }: { readonly folder: string } & BlobReading,
): Promise<void> {
  const names = await namesIn(await resolveSource(path));
  if (names.some(mayBeOfBlobs)) return;
  const { entries } = await readOwnBlobs({ source: path, folder }, reading);
  const newest = entries.find(({ form }) => form !== 'state');
  if (newest === undefined || isOfNoBlobs(newest, names)) return;
  throw new Failure(
    'refused',
    `Cannot back up the blobs in "${path}": it is empty, and "${newest.name}" is not`,
    {
      hint: { kind: 'find-blob-directory' },
    },
  );
}

/** Whether a blob directory has nothing that may be a blob. */
export async function isEmptySource(source: string): Promise<boolean> {
  return !(await namesIn(source)).some(mayBeOfBlobs);
}

function namesIn(source: string): Promise<readonly string[]> {
  return withSystemErrors(`list "${source}"`, () => readdir(source));
}

/** A server writes `.layout` into a new one at once. */
function mayBeOfBlobs(name: string): boolean {
  return name !== '.layout' && !isExcluded(name, 0);
}

/** `.layout` alone is one file of a word; where that has gone, too, the disk has. */
function isOfNoBlobs({ record }: BlobEntry, namesNow: readonly string[]): boolean {
  const { files, bytes } = record?.content ?? { files: 2, bytes: 0 };
  return files === 0 || (files === 1 && bytes <= LAYOUT_BYTES && namesNow.includes('.layout'));
}

const LAYOUT_BYTES = 'bushy\n'.length;

/** The directory itself: a link would be backed up as a link. */
export async function resolveSource(path: string): Promise<string> {
  const source = await withSystemErrors(`find the blob directory "${path}"`, () =>
    realpath(path).catch((cause: unknown) => {
      if (!isAbsent(cause)) throw cause;
      throw new Failure(
        'not-found',
        `Cannot find the blob directory "${path}": it does not exist`,
        {
          hint: { kind: 'find-blob-directory' },
          cause,
        },
      );
    }),
  );
  requireReadablePath(source, path);
  const { isDirectory } = await withSystemErrors(`look at "${source}"`, async () => {
    const status = await stat(source);
    return { isDirectory: status.isDirectory() };
  });
  if (isDirectory) return source;
  throw new Failure('usage', `Cannot back up the blobs in "${path}": it is not a folder`, {
    hint: 'Name the blob directory in blob_storage.',
  });
}

/**
 * Failure `usage` where the folder for the backups of a blob directory is one with that directory or holds it: each
 * backup would be taken for a part of the other.
 */
export async function refuseNested(path: string, folder: string): Promise<void> {
  const source = await resolveSource(path);
  if (!isWithin(await placeOf(source), await placeOf(folder))) return;
  throw new Failure(
    'usage',
    `Cannot back up the blobs in "${source}" to "${folder}": one is inside the other`,
    { hint: 'Choose a folder elsewhere, best on another disk.' },
  );
}
