import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Failure } from '../system/failure.ts';
import { isThere } from '../system/presence.ts';
import { isWithin, realPlaceOf } from './real-place.ts';
import { defaultFolderNames } from './recipe/script-names.ts';
import type { Site, SiteStorage } from './site.ts';

/** What was said on the command line; undefined: nothing. */
export interface WrittenSite {
  readonly dataFs: string | undefined;
  /** The repository. */
  readonly location: string | undefined;
  /** The live blob directory. */
  readonly blobStorage: string | undefined;
  /** The folder for backups of it. */
  readonly blobBackupLocation: string | undefined;
  readonly blobs: 'as-found' | 'left-out';
}

/** What the site is needed for: its data, or only its backups. */
export type Purpose = 'backup' | 'restore' | 'look';

/** A site, and what its owner should know about it. */
export interface FoundSite {
  readonly site: Site;
  readonly warnings: readonly string[];
}

const PART = 'backup';
const FILESTORAGE = 'filestorage';
const DATA_FS = join('var', FILESTORAGE, 'Data.fs');
/** In the folder itself. */
const BARE = 'Data.fs';
const FOLDERS = defaultFolderNames(PART);

/**
 * A site that no configuration describes: what was said, and else the places that every Zope has:
 * `var/filestorage/Data.fs`, `var/blobstorage` where it is there, or its backups if it's them that
 * are needed, and the backups where the recipe puts them; or the same beside a Data.fs in the folder itself. Blobs are copied by ourselves; every backup
 * is kept.
 *
 * Failures: `not-found` where there is no Data.fs, and none is named; `usage` where nothing tells where the
 * backups are, or they would be in the blob directory.
 */
export async function findPlainSite(
  folder: string,
  { written, purpose }: { readonly written: WrittenSite; readonly purpose: Purpose },
): Promise<FoundSite> {
  const found = written.dataFs === undefined ? await findDataFs(folder) : undefined;
  if (written.dataFs === undefined && found === undefined && purpose !== 'look') {
    throw nothingThere(folder);
  }
  const path = resolve(folder, written.dataFs ?? found ?? DATA_FS);
  const places = placesOf(path, { folder, written });
  if (purpose === 'backup') await refuseAmongBlobs(places);
  const blobs =
    written.blobs === 'as-found' ? await blobsOf(places, { written, purpose }) : { kind: 'none' };
  const storage = storageOf(path, { places, hasBlobs: blobs.kind === 'backed-up' });
  const warnings = blobs.kind === 'without-folder' ? [leftOut(places, purpose)] : [];
  return { site: siteOf(storage), warnings };
}

/** Whoever leaves out the blobs leaves them where they are, and backups don't belong there. */
async function refuseAmongBlobs({ location, blobs }: Places): Promise<void> {
  if (blobs === undefined || !(await isThere(blobs))) return;
  if (!isWithin(await realPlaceOf(location), await realPlaceOf(blobs))) return;
  throw new Failure(
    'usage',
    `Cannot back up to "${location}": it is inside the blob directory "${blobs}"`,
    { hint: 'Choose a folder elsewhere, best on another disk.' },
  );
}

function leftOut({ blobs }: Places, purpose: Purpose): string {
  return purpose === 'backup'
    ? `the blobs in "${blobs}" are not backed up: name a folder for their backups with --blobbackuplocation (or ZODBVAULT_BLOBBACKUPLOCATION), or say --no-blobs`
    : `the blobs in "${blobs}" stay as they are, as no backups of them are there: name their folder with --blobbackuplocation, or say --no-blobs`;
}

function siteOf(storage: SiteStorage): Site {
  return {
    part: PART,
    rules: '6.0',
    storages: [storage],
    contents: storage.blobs === undefined ? 'filestorages' : 'both',
    full: 'when-needed',
    comparison: 'quick',
    gzip: true,
    verifyAfterBackup: 'quick',
    blobFormat: { kind: 'directories', naming: 'stamps' },
    blobCopier: { kind: 'own', rsyncOptions: [], firstCopy: 'copy' },
    keep: 0,
    keepBlobDays: 0,
    preCommand: '',
    postCommand: '',
    isDebug: false,
  };
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
  const names = await readdir(folder).catch(() => []);
  return names.some((name) => /^\d{4}(-\d\d){5}\.(delta)?fsz?$/.test(name));
}

function nothingThere(folder: string): Failure {
  return new Failure(
    'not-found',
    `Cannot find a Data.fs: there is neither "${DATA_FS}" nor "${BARE}" in "${folder}"`,
    { hint: 'Go to the folder of the site, or name the file with --datafs.' },
  );
}

/** Where everything is, or would be; undefined: nothing tells. */
interface Places {
  readonly location: string;
  readonly blobs: string | undefined;
  readonly blobBackups: string | undefined;
  /** The folder for what is not said. */
  readonly variable: string;
}

function placesOf(
  dataFs: string,
  { folder, written }: { readonly folder: string; readonly written: WrittenSite },
): Places {
  // In `VAR/filestorage/Data.fs`, everything else has its place in VAR.
  const isUsual = basename(dirname(dataFs)) === FILESTORAGE;
  const isBare = dataFs === join(folder, BARE);
  const variable = isUsual ? dirname(dirname(dataFs)) : isBare ? folder : undefined;
  const place = (said: string | undefined, name: string) => {
    if (said !== undefined) return resolve(folder, said);
    return variable === undefined ? undefined : join(variable, name);
  };
  const location = place(written.location, FOLDERS.location);
  if (location === undefined) {
    throw new Failure('usage', `Cannot tell where the backups of "${dataFs}" are`, {
      hint: 'Name their folder with --location.',
    });
  }
  const isBeside = written.location === undefined || written.blobBackupLocation !== undefined;
  return {
    location,
    blobs: place(written.blobStorage, 'blobstorage'),
    blobBackups: isBeside
      ? place(written.blobBackupLocation, FOLDERS.blobbackuplocation)
      : undefined,
    variable: variable ?? dirname(location),
  };
}

type Blobs = { readonly kind: 'none' | 'backed-up' | 'without-folder' };

async function blobsOf(
  { blobs, blobBackups }: Places,
  { written, purpose }: { readonly written: WrittenSite; readonly purpose: Purpose },
): Promise<Blobs> {
  if (written.blobStorage !== undefined || written.blobBackupLocation !== undefined) {
    if (blobs !== undefined) {
      // Whoever looks at backups has nothing to lose.
      const without = purpose === 'look' ? 'none' : 'without-folder';
      return { kind: blobBackups === undefined ? without : 'backed-up' };
    }
    throw new Failure('usage', 'Cannot tell where the blob directory is', {
      hint: 'Name it with --blob-storage.',
    });
  }
  const exists = async (path: string | undefined) => path !== undefined && (await isThere(path));
  const hasBackups = await exists(blobBackups);
  if (purpose === 'look') return { kind: hasBackups ? 'backed-up' : 'none' };
  const isLive = await exists(blobs);
  const isPossible = purpose === 'backup' ? blobBackups !== undefined : hasBackups;
  if (isLive && !isPossible) return { kind: 'without-folder' };
  return { kind: isLive || hasBackups ? 'backed-up' : 'none' };
}

function storageOf(
  dataFs: string,
  { places, hasBlobs }: { readonly places: Places; readonly hasBlobs: boolean },
): SiteStorage {
  const { location, blobs, blobBackups, variable } = places;
  const folders = (filestorage: string, blobFolder: string | undefined) => ({
    filestorage,
    ...(hasBlobs && blobFolder !== undefined ? { blobs: blobFolder } : {}),
  });
  const usual = (name: string) => join(variable, name);
  return {
    name: 'Data',
    dataFs,
    ...(hasBlobs && blobs !== undefined ? { blobs } : {}),
    folders: {
      backup: folders(location, blobBackups),
      snapshot: folders(usual(FOLDERS.snapshotlocation), usual(FOLDERS.blobsnapshotlocation)),
      zip: folders(usual(FOLDERS.ziplocation), usual(FOLDERS.blobziplocation)),
    },
  };
}
