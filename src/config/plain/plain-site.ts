import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { leadsNowhere } from '../../system/absent.ts';
import { Failure } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';
import type { Hint } from '../../system/remedy.ts';
import { refuseBackupsAmongBlobs } from '../model/blob-directory-check.ts';
import type { LiveData } from '../model/live-data.ts';
import { without } from '../model/option-source.ts';
import type { ResolvedSite } from '../resolve/resolve-site.ts';
import { resolveConfigured } from './configured-site.ts';
import { blobsOf, namesBlobs, selectBlobs } from './plain-blobs.ts';
import { BARE, DATA_FS, FOLDERS, placesOf, saidPlaces } from './plain-places.ts';
import {
  type ExcludedBlobs,
  excludeBlobs,
  NO_ENVIRONMENT,
  PLACE_OPTIONS,
  type PlainSearch,
} from './plain-search.ts';

/** A site, and what its owner should look into. */
export interface PlainSite extends ResolvedSite {
  /** Blobs that are there, and have no part in what is done. */
  readonly excludedBlobs: readonly ExcludedBlobs[];
}

/**
 * A site that no configuration describes: what was said, and else the places that every Zope has:
 * `var/filestorage/Data.fs`, `var/blobstorage` where it is there, or its backups if it's them that
 * are needed, and the backups where the recipe puts them; or the same beside a Data.fs in the folder
 * itself. All other options are what the environment says; unasked, blobs are copied by ourselves, and
 * every backup is kept.
 *
 * Failures: `not-found` where there is no Data.fs, and none is named; `usage` where nothing tells where the
 * backups are, or they would be in the blob directory, or where an option can't be used.
 */
export async function findPlainSite(folder: string, search: PlainSearch): Promise<PlainSite> {
  const { written, environment: { options, pathEnvironment } = NO_ENVIRONMENT, purpose } = search;
  const said = saidPlaces(folder, search);
  const found =
    said.datafs === undefined && search.found === undefined ? await findDataFs(folder) : undefined;
  const isAssumed = said.datafs === undefined && search.found === undefined && found === undefined;
  if (isAssumed && purpose !== 'look') throw nothingThere(folder);
  const path = search.found ?? resolve(folder, found ?? DATA_FS);
  const dataFs = said.datafs ?? { path, from: 'default' };
  const places = await placesOf(dataFs, { folder, said, foundBlobs: search.foundBlobs });
  // Whoever leaves out the blobs leaves them where they are, and backups don't belong there.
  if (purpose === 'backup' && places.blobs !== undefined) {
    await refuseBackupsAmongBlobs(places.blobs.path, [places.location.path]);
  }
  const selection = selectBlobs(search);
  const blobs = await blobsOf(places, { said, selection, search });
  const live: LiveData = {
    directory: folder,
    variable: { path: places.variable, from: 'default' },
    dataFs,
    blobs: blobs.kind === 'backed-up' ? places.blobs : undefined,
    blobCaches: [],
    hasServerPart: false,
    mounted: [],
    elsewhere: [],
    isAssumed,
    backupFolders: { location: places.location, blobbackuplocation: places.blobBackups },
  };
  const isOverruled =
    written.blobs === 'left-out' ||
    namesBlobs(written) ||
    (selection !== 'no' && blobs.kind !== 'backed-up');
  const resolved = resolveConfigured({
    part: 'backup',
    subject: 'what the command line and the environment say',
    options: without(options, [...PLACE_OPTIONS, ...(isOverruled ? ['backup_blobs'] : [])]),
    live,
    pathEnvironment,
  });
  const excludedBlobs =
    blobs.kind === 'without-folder' ? [excludeBlobs(`${places.blobs?.path}`, purpose)] : [];
  return { ...resolved, excludedBlobs };
}

/**
 * The Data.fs that a folder has, or had, as what is around it tells: a restore makes it again. In `var`, or
 * else in the folder itself.
 */
export async function findDataFs(folder: string): Promise<string | undefined> {
  for (const sign of [DATA_FS, dirname(DATA_FS), join('var', FOLDERS.location)]) {
    if (await isThere(join(folder, sign))) return join(folder, DATA_FS);
  }
  const bare = join(folder, BARE);
  const isOne = (await isThere(bare)) || (await hasBackups(join(folder, FOLDERS.location)));
  return isOne ? bare : undefined;
}

/** Anything may be called like our folder; nothing else has such files. */
async function hasBackups(folder: string): Promise<boolean> {
  const names = (await readdir(folder).catch(leadsNowhere)) ?? [];
  return names.some((name) => /^\d{4}(-\d\d){5}\.(delta)?fsz?$/.test(name));
}

/** @param hint - what to do, where more is known */
export function nothingThere(folder: string, hint?: Hint): Failure {
  return new Failure(
    'not-found',
    `Cannot find a Data.fs: there is neither "${DATA_FS}" nor "${BARE}" in "${folder}"`,
    { hint: hint ?? { kind: 'name-data-fs' } },
  );
}
