import { openArchive } from '../../../blobs/archive/open-archive.ts';
import type { BlobEntry } from '../../../blobs/layout/catalogue.ts';
import { treeIn } from '../../../blobs/layout/tree-in.ts';
import type { OpenBackups } from '../../../blobs/open-backups.ts';
import { readOwnBlobs } from '../../../blobs/ownership/ownership.ts';
import type { Site } from '../../../config/model/site.ts';
import { blobsInArchive } from '../../../states/blobs/blobs-in-archive.ts';
import { blobsInTree } from '../../../states/blobs/blobs-in-tree.ts';
import { type FindBlob, firstWithBlob } from '../../../states/blobs/find-blob.ts';
import type { Store } from '../../../stores/store.ts';
import { isFailure } from '../../../system/failure.ts';
import type { DisposableStack } from '../../../system/streams/disposable-stack.ts';
import { type BackupPlace, findBackupPlaces } from '../backup-places.ts';
import { unpack } from '../unpack.ts';

/** What is read, and what closes the archives that are opened meanwhile. */
interface Reading {
  readonly backups: OpenBackups;
  readonly archives: DisposableStack;
}

/**
 * Finds the blobs of a storage in its backups: in the copies and archives of one kind, the newest first, and then in
 * those of the other kinds.
 */
export async function blobsOfStorage(
  place: BackupPlace,
  { site, ...reading }: Reading & { readonly site: Site },
): Promise<FindBlob> {
  const ofOtherKinds = whenAsked(async () => {
    const all = await findBackupPlaces(site, { kind: 'all', backups: reading.backups });
    const others = all.filter(
      ({ storage, kind }) => storage === place.storage && kind !== place.kind,
    );
    return firstWithBlob(others.map((other) => whenAsked(() => blobsIn(other, reading))));
  });
  return firstWithBlob([await blobsIn(place, reading), ofOtherKinds]);
}

async function blobsIn(
  { blobs, repository }: BackupPlace,
  { backups, archives }: Reading,
): Promise<FindBlob> {
  if (blobs === undefined || !(await backups.isThere(blobs.folder))) return NOWHERE;
  const { store, entries } = await readOwnBlobs(blobs, { repository, backups });
  return firstWithBlob(entries.map((entry) => blobsInEntry(entry, { store, archives })));
}

function blobsInEntry(
  entry: BlobEntry,
  { store, archives }: { readonly store: Store; readonly archives: DisposableStack },
): FindBlob {
  const { form, name } = entry;
  if (form === 'state') return NOWHERE;
  return form === 'directory'
    ? whenAsked(async () => blobsInTree(await treeIn(entry, store)))
    : blobsInArchive(async () => archives.use(await openArchive(store, { name, unpack })));
}

const NOWHERE: FindBlob = async () => undefined;

/** Opened when somebody asks for a blob. What is damaged, or gone meanwhile, has none: another backup may have it. */
function whenAsked(open: () => Promise<FindBlob>): FindBlob {
  let opened: Promise<FindBlob> | undefined;
  return async (revision) => {
    try {
      opened ??= open();
      return await (await opened)(revision);
    } catch (error) {
      opened = undefined;
      if (!isFailure(error, 'damaged', 'not-found')) throw error;
      return undefined;
    }
  };
}
