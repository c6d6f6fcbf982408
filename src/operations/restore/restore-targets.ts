import { stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { LATEST, parseEntryName } from '../../blobs/layout/entry-name.ts';
import type { Site } from '../../config/model/site.ts';
import { readMagic } from '../../filestorage/file-format-version.ts';
import { stampOfFileName } from '../../repository/layout/file-names.ts';
import { absent } from '../../system/absent.ts';
import { Failure, isFailure, withSystemErrors } from '../../system/failure.ts';
import { openFileSource } from '../../system/files/byte-source.ts';
import { isSamePlace, isWithin, type Place, placeOf, wayFrom } from '../../system/files/place.ts';
import { isThere } from '../../system/files/presence.ts';

/**
 * Refuses to replace a backup by what is restored from it, whatever path leads there: nobody would find out.
 * Failure `usage`.
 */
export async function refuseOverBackups(site: Site): Promise<void> {
  const folders = await backupFoldersOf(site);
  for (const target of await targetsOf(site)) {
    for (const folder of folders) {
      if (isWithin(folder, target)) throw overBackups(target, folder);
      // The folder may be one with the live data in it, too.
      if (isBackup(target, folder)) throw overBackups(target, folder);
    }
  }
}

function isBackup(target: Place, folder: Place): boolean {
  const [name = ''] = (wayFrom(folder, target) ?? '').split(sep);
  const isEntry = (['directory', 'file'] as const).some((type) => parseEntryName(name, type));
  return name === LATEST || isEntry || stampOfFileName(name) !== undefined;
}

/**
 * The same for a restore to elsewhere, which makes folders of its own: it keeps out of the folders of the backups,
 * and out of the live data, by whatever links and mounts; so it does with all other sites of the same file. Failure
 * `usage`.
 *
 * @param site - what is to be made
 * @param live - the site that is backed up
 * @param beside - all sites that the same file describes
 */
export async function refuseElsewhere(
  site: Site,
  { live, beside }: { readonly live: Site; readonly beside: readonly Site[] },
): Promise<void> {
  const folders = (await Promise.all([live, ...beside].map(backupFoldersOf))).flat();
  const data = await liveDataOf(live);
  const isOwn = (place: Place) => data.some((own) => isSamePlace(own, place));
  const others: { readonly part: string; readonly place: Place }[] = [];
  for (const one of beside) {
    for (const place of await liveDataOf(one)) {
      if (!isOwn(place)) others.push({ part: one.part, place });
    }
  }
  for (const target of await targetsOf(site)) {
    const meets = (place: Place) => isWithin(target, place) || isWithin(place, target);
    const folder = folders.find(meets);
    if (folder !== undefined) throw overBackups(target, folder);
    // Whoever names the very path means it: a stand-by may be the site of the folder that somebody stands in.
    const one = data.find((live) => live.path !== target.path && meets(live));
    if (one !== undefined) throw overLive(target, one);
    const other = others.find(({ place }) => meets(place));
    if (other !== undefined) throw overOther(target, other);
  }
}

/** As far as it is there. */
async function liveDataOf({ storages }: Site): Promise<readonly Place[]> {
  const data: Place[] = [];
  for (const path of storages.flatMap(({ dataFs, blobs }) => [dataFs, blobs ?? []].flat())) {
    if (await isThere(path)) data.push(await placeOf(path));
  }
  return data;
}

/** Failure `refused` for a file that is there, and isn't a Data.fs; `system` where no file can ever be. */
export async function refuseOtherFile(path: string): Promise<void> {
  const found = await withSystemErrors(`look at "${path}"`, () => stat(path).catch(absent));
  if (!found?.isFile()) return;
  try {
    await using source = await openFileSource(path);
    await readMagic(source);
  } catch (error) {
    if (!isFailure(error, 'damaged')) throw error;
    throw new Failure('refused', `Cannot restore to "${path}": the file there is no Data.fs`, {
      hint: 'Move it away, or name another one.',
      cause: error,
    });
  }
}

async function targetsOf({ storages, contents }: Site): Promise<readonly Place[]> {
  const paths = storages.flatMap(({ dataFs, blobs }) => [
    ...(contents === 'blobs' ? [] : [dataFs]),
    ...(contents === 'filestorages' || blobs === undefined ? [] : [blobs]),
  ]);
  return Promise.all(paths.map(placeOf));
}

async function backupFoldersOf({ storages }: Site): Promise<readonly Place[]> {
  const folders = storages.flatMap(({ folders }) =>
    Object.values(folders).flatMap((one) => [one?.filestorage ?? [], one?.blobs ?? []].flat()),
  );
  return Promise.all(folders.map(placeOf));
}

function overBackups(target: Place, folder: Place): Failure {
  return new Failure(
    'usage',
    `Cannot restore to "${target.path}": "${folder.path}" contains backups of the site`,
    { hint: { kind: 'folder-elsewhere' } },
  );
}

function overLive(target: Place, live: Place): Failure {
  return new Failure(
    'usage',
    `Cannot restore to "${target.path}": it leads to the live "${live.path}"`,
    { hint: { kind: 'folder-elsewhere-or-live' } },
  );
}

function overOther(
  target: Place,
  { part, place }: { readonly part: string; readonly place: Place },
): Failure {
  return new Failure(
    'usage',
    `Cannot restore to "${target.path}": "${place.path}" is the live data of another site, ${part}`,
    {
      hint: { kind: 'folder-elsewhere-or-site', part },
    },
  );
}
