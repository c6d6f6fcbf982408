import { basename, dirname, join, resolve } from 'node:path';
import { Failure } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';
import type { Found } from '../model/live-data.ts';
import { formatOrigin } from '../model/origin.ts';
import { expandPath } from '../resolve/paths.ts';
import { defaultFolderNames } from '../resolve/script-names.ts';
import { NO_ENVIRONMENT, type PLACE_OPTIONS, type PlainSearch } from './plain-search.ts';

const FILESTORAGE = 'filestorage';
/** The usual place, below the folder of a site. */
export const DATA_FS = join('var', FILESTORAGE, 'Data.fs');
/** In the folder itself. */
export const BARE = 'Data.fs';
export const FOLDERS = defaultFolderNames('backup');

/** The places that somebody has named, and who. */
export type SaidPlaces = Readonly<
  Partial<Record<(typeof PLACE_OPTIONS)[number] | 'prefix', Found>>
>;

export function saidPlaces(
  folder: string,
  { written, environment: { options, pathEnvironment } = NO_ENVIRONMENT }: PlainSearch,
): SaidPlaces {
  const words = {
    datafs: written.dataFs,
    location: written.location,
    blob_storage: written.blobStorage,
    blobbackuplocation: written.blobBackupLocation,
  };
  const inEnvironment = (name: string, base: string) => {
    const value = options.option(name);
    if (value === undefined) return {};
    const path = expandPath(value.text.trim(), { base, pathEnvironment });
    return { [name]: { path, from: formatOrigin(value.origin) } };
  };
  const { locationprefix: prefix } = inEnvironment('locationprefix', folder);
  const base = prefix?.path ?? folder;
  const beginning = prefix === undefined ? {} : { prefix };
  if (Object.values(words).every((word) => word === undefined)) {
    return {
      ...beginning,
      ...inEnvironment('datafs', folder),
      ...inEnvironment('blob_storage', folder),
      ...inEnvironment('location', base),
      ...inEnvironment('blobbackuplocation', base),
    };
  }
  // A shell has replaced in it what was to be replaced.
  const named = Object.entries(words).flatMap(([name, word]) =>
    word === undefined ? [] : [[name, { path: resolve(folder, word), from: COMMAND_LINE }]],
  );
  const saysData = written.dataFs !== undefined || written.blobStorage !== undefined;
  return {
    ...beginning,
    ...(saysData ? {} : inEnvironment('datafs', folder)),
    ...(saysData ? {} : inEnvironment('blob_storage', folder)),
    ...Object.fromEntries(named),
  };
}

const COMMAND_LINE = formatOrigin({ kind: 'command-line' });

/** Where everything is, or would be; undefined: nothing tells. */
export interface Places {
  readonly location: Found;
  readonly blobs: Found | undefined;
  readonly blobBackups: Found | undefined;
  /** The folder for what is not said. */
  readonly variable: string;
}

/** Failure `usage` where nothing tells where the backups are. */
export async function placesOf(
  dataFs: Found,
  {
    folder,
    said,
    foundBlobs,
  }: {
    readonly folder: string;
    readonly said: SaidPlaces;
    readonly foundBlobs: string | undefined;
  },
): Promise<Places> {
  // In `VAR/filestorage/Data.fs`, everything else has its place in VAR.
  const above = dirname(dataFs.path);
  const isBare = dataFs.path === join(folder, BARE);
  const variable = basename(above) === FILESTORAGE ? dirname(above) : isBare ? folder : undefined;
  const place = (one: Found | undefined, name: string, beginning = variable) => {
    if (one !== undefined) return one;
    return beginning === undefined ? undefined : { path: join(beginning, name), from: 'default' };
  };
  const location = place(said.location, FOLDERS.location, said.prefix?.path ?? variable);
  if (location === undefined) {
    if (!(await isThere(dataFs.path))) {
      throw new Failure('usage', `Cannot find "${dataFs.path}": there is no such file`, {
        hint: { kind: 'name-data-fs-or-backup-folder' },
      });
    }
    const why = 'it is not in a folder "filestorage", beside which they would be';
    throw new Failure('usage', `Cannot find the backups of "${dataFs.path}": ${why}`, {
      hint: { kind: 'name-backup-folder' },
    });
  }
  const blobs =
    foundBlobs === undefined ? undefined : { path: foundBlobs, from: 'the records of its backups' };
  const isBeside =
    said.location === undefined ||
    said.blobbackuplocation !== undefined ||
    said.prefix !== undefined;
  return {
    location,
    blobs: place(said.blob_storage ?? blobs, 'blobstorage'),
    blobBackups: isBeside
      ? place(said.blobbackuplocation, FOLDERS.blobbackuplocation, said.prefix?.path ?? variable)
      : undefined,
    variable: variable ?? dirname(location.path),
  };
}
