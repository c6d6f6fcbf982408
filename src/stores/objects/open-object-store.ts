import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../../system/failure.ts';
import { folderObjects } from './folder-objects.ts';
import type { ObjectStore } from './object-store.ts';
import { bandwidthOf } from './transfer/bandwidth.ts';

/** How a place of objects is reached; what is left out is as usual. */
export interface ObjectStoreSettings {
  /** What all transfers together may take: more than 0. */
  readonly bytesPerSecond?: number;
}

/**
 * Opens a place of objects. Failure `usage` where nobody can tell what is meant.
 *
 * @param place - a path, or a URL: `file:///mnt/nas/site`
 */
export async function openObjectStore(
  place: string,
  { bytesPerSecond }: ObjectStoreSettings = {},
): Promise<ObjectStore> {
  const bandwidth = bandwidthOf(bytesPerSecond);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(place)?.[1]?.toLowerCase();
  switch (scheme) {
    case undefined:
      return folderObjects(resolve(place), { bandwidth });
    case 'file':
      return folderObjects(pathOfUrl(place), { bandwidth });
    default:
      throw unknownPlace(place, 'nothing is known that begins so');
  }
}

function pathOfUrl(place: string): string {
  try {
    return fileURLToPath(place);
  } catch (error) {
    throw unknownPlace(place, 'it is no path of this machine', error);
  }
}

function unknownPlace(place: string, state: string, cause?: unknown): Failure {
  return new Failure('usage', `Cannot use "${place}": ${state}`, {
    hint: 'Name a folder, as /mnt/nas/site.',
    cause,
  });
}
