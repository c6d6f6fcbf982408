import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { variableOf } from '../../config/model/live-data.ts';
import type { Site } from '../../config/model/site.ts';
import { LAYOUT_FILE, readBlobLayout } from '../../filestorage/blob-layout.ts';
import { Failure } from '../../system/failure.ts';
import { readSmallFileIfFit } from '../../system/files/small-file.ts';

/** What a ZEO client writes into `.layout` of its cache, and RelStorage into that of its own (ZEO, `ClientStorage.py`). */
const CACHE_LAYOUT = 'zeocache';
/** Folders of a cache, by the rest of a division of the oid, and files in them: `BASE.TID.blob`. */
const CACHE_FOLDER = /^\d{1,3}$/;
const CACHED_BLOB = /^\d+\.[0-9a-f]{16}\.blob$/;

/**
 * Refuses a blob directory that is the cache of a client: it has some blobs of the site, under other names, and a
 * restore of a backup of it would bring back none. Failure `refused`, which names the server's directory if one
 * lies near.
 */
export async function refuseBlobCache({ storages, contents }: Site): Promise<void> {
  if (contents === 'filestorages') return;
  for (const { blobs, dataFs } of storages) {
    const sign = blobs === undefined ? undefined : await signOfBlobCache(blobs);
    if (blobs === undefined || sign === undefined) continue;
    const near = await blobDirectoriesNear([dirname(blobs), variableOf(dataFs)]);
    throw new Failure(
      'refused',
      `Cannot take "${blobs}" for the blob directory: it is the cache of a ZEO client, ${sign}`,
      { hint: { kind: 'name-blobs-of-server', near } },
    );
  }
}

/** What tells that a folder is the cache of a client; undefined where nothing does. */
export async function signOfBlobCache(folder: string): Promise<string | undefined> {
  const layout = (await readSmallFileIfFit(join(folder, LAYOUT_FILE)))?.trim();
  if (layout === CACHE_LAYOUT) return `as its ${LAYOUT_FILE} says ("${CACHE_LAYOUT}")`;
  if (layout !== undefined) return undefined;
  const names = await namesIn(folder);
  // A server's has folders of oids.
  if (names.some((name) => name.startsWith('0x'))) return undefined;
  for (const name of names.filter((one) => CACHE_FOLDER.test(one))) {
    const blob = (await namesIn(join(folder, name))).find((one) => CACHED_BLOB.test(one));
    if (blob !== undefined) return `as the name of "${join(name, blob)}" in it shows`;
  }
  return undefined;
}

async function blobDirectoriesNear(folders: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const folder of new Set(folders)) {
    for (const name of await namesIn(folder)) {
      const path = join(folder, name);
      if ((await readBlobLayout(path)) !== undefined) found.add(path);
    }
  }
  return [...found].sort();
}

/** None where it can't be read: it is looked at again, and reported, when it is backed up. */
function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
