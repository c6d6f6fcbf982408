import { join } from 'node:path';
import { OpenBackups } from '../../blobs/open-backups.ts';
import { variableOf } from '../../config/model/live-data.ts';
import { backsUpOnlyBlobs } from '../../config/plain/plain-blobs.ts';
import {
  BARE,
  DATA_FS,
  FOLDERS,
  type SaidPlaces,
  saidPlaces,
} from '../../config/plain/plain-places.ts';
import type { PlainSearch } from '../../config/plain/plain-search.ts';
import { findDataFs, nothingThere } from '../../config/plain/plain-site.ts';
import { findRecordedData, type RecordedData } from '../../operations/list/recorded-data.ts';
import { Failure } from '../../system/failure.ts';
import { isWithin, leadToOne, placeOf } from '../../system/files/place.ts';
import { isThere } from '../../system/files/presence.ts';
import { quoteWord } from '../../system/processes/shell.ts';
import { commandToType } from '../options/own-command.ts';

/** Data that is not there any more, and where it was. */
export interface LostData {
  readonly found: string;
  readonly foundBlobs?: string;
}

/**
 * Where a site had its data that is all lost, as the backups in the folders that were named tell. Undefined where it
 * isn't lost, or no folder is named. Failure `not-found` where nothing tells, or the data was in another place, which
 * may be another site's: nothing is made there because somebody stands here.
 */
export async function findLostData(
  folder: string,
  {
    backups = new OpenBackups(),
    ...search
  }: PlainSearch & { readonly backups?: OpenBackups | undefined },
): Promise<LostData | undefined> {
  const said = saidPlaces(folder, search);
  if (said.datafs !== undefined || (await findDataFs(folder)) !== undefined) return undefined;
  const places = foldersOf(said);
  if (places.repository === undefined && places.blobFolder === undefined) return undefined;
  const recorded = await findRecordedData({ ...places, site: folder }, backups);
  const dataFs = backsUpOnlyBlobs(search) ? besideBlobs(recorded) : recorded.dataFs;
  switch (search.purpose) {
    case 'backup':
      throw nothingThere(folder, dataFs && hintToRestore(dataFs));
    case 'look':
      return dataFs === undefined ? undefined : asHere(folder, { ...recorded, dataFs });
    case 'restore': {
      const hint = await hintWithPlaces(folder, { places, recorded });
      if (dataFs === undefined) throw nothingThere(folder, hint);
      if (!(await isOfSite(dataFs, folder))) throw isElsewhere(folder, { dataFs, hint });
      return asHere(folder, { ...recorded, dataFs });
    }
    default:
      return search.purpose satisfies never;
  }
}

interface BackupFolders {
  readonly repository: string | undefined;
  readonly blobFolder: string | undefined;
}

function foldersOf({ location, blobbackuplocation, prefix }: SaidPlaces): BackupFolders {
  const below = (name: string) => (prefix === undefined ? undefined : join(prefix.path, name));
  return {
    repository: location?.path ?? below(FOLDERS.location),
    blobFolder: blobbackuplocation?.path ?? below(FOLDERS.blobbackuplocation),
  };
}

/** Who backs up blobs alone has a Data.fs all the same: its place is not used for anything. */
function besideBlobs({ blobs }: RecordedData): string | undefined {
  return blobs === undefined ? undefined : join(blobs, '..', 'filestorage', 'Data.fs');
}

/** By the path that everybody uses, if that leads there. */
async function asHere(
  folder: string,
  { dataFs, blobs }: RecordedData & { readonly dataFs: string },
): Promise<LostData> {
  let found = dataFs;
  for (const usual of [DATA_FS, BARE]) {
    const path = join(folder, usual);
    if (await leadToOne(path, dataFs)) found = path;
  }
  const beside = join(variableOf(found), 'blobstorage');
  if (blobs === undefined || (await leadToOne(beside, blobs))) return { found };
  return { found, foundBlobs: blobs };
}

/** It was in this folder; or where it was, as in the volume of a container, is its place and it is gone from there. */
async function isOfSite(dataFs: string, folder: string): Promise<boolean> {
  if (isWithin(await placeOf(dataFs), await placeOf(folder))) return true;
  return !(await isThere(dataFs)) && (await isThere(variableOf(dataFs)));
}

function isElsewhere(
  folder: string,
  { dataFs, hint }: { readonly dataFs: string; readonly hint: string },
): Failure {
  return new Failure(
    'not-found',
    `Cannot tell where to restore to: there is no Data.fs in "${folder}", and the backups were made of "${dataFs}"`,
    { hint },
  );
}

function hintToRestore(dataFs: string): string {
  return `There are backups of "${dataFs}": if it is lost, "zodbvault restore" brings it back.`;
}

/** All places in words: where the data is named so, the environment says nothing of the others any more. */
async function hintWithPlaces(
  folder: string,
  {
    places: { repository, blobFolder },
    recorded,
  }: { readonly places: BackupFolders; readonly recorded: RecordedData },
): Promise<string> {
  const dataFs = recorded.dataFs ?? join(folder, DATA_FS);
  const blobs = recorded.blobs ?? join(variableOf(dataFs), 'blobstorage');
  const words = [
    ...['restore', '--datafs', dataFs],
    ...(repository === undefined ? [] : ['--location', repository]),
    ...(blobFolder === undefined
      ? ['--no-blobs']
      : ['--blob-storage', blobs, '--blobbackuplocation', blobFolder]),
  ];
  const command = [await commandToType(), ...words.map(quoteWord)].join(' ');
  return `This restores it there; put in other places if it belongs elsewhere: ${command}`;
}
