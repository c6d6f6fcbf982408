import { join } from 'node:path';
import { Failure } from '../../system/failure.ts';
import type { Site, SiteStorage } from './site.ts';

/**
 * The same site, living elsewhere: `filestorage/Data.fs`, `filestorage/NAME.fs` and `blobstorage`,
 * `blobstorage-NAME` in a folder. Its backups stay where they are; its commands are not its own.
 */
export function retarget(site: Site, folder: string): Site {
  return {
    ...site,
    preCommand: '',
    postCommand: '',
    storages: site.storages.map((storage) => ({
      ...storage,
      madeOf: dataOf(storage),
      dataFs: join(folder, 'filestorage', `${storage.name}.fs`),
      blobs: storage.blobs && join(folder, blobsName(storage.name)),
    })),
  };
}

/** The main Data.fs of a site alone, living in another file. Failure `usage` where it isn't backed up. */
export function retargetToFile(site: Site, file: string): Site {
  const main = site.storages.at(-1);
  if (main === undefined || site.contents === 'blobs') {
    throw new Failure('usage', `Cannot restore a Data.fs: [${site.part}] backs up none`, {
      hint: { kind: 'name-other-part' },
    });
  }
  return {
    ...site,
    preCommand: '',
    postCommand: '',
    contents: 'filestorages',
    storages: [{ ...main, madeOf: dataOf(main), dataFs: file }],
  };
}

/** The Data.fs that the backups of a storage were made of, wherever it is restored to; undefined: there is no such storage. */
export function backedUpDataFs({ storages }: Site, name: string): string | undefined {
  const storage = storages.find((one) => one.name === name);
  return storage?.madeOf?.dataFs ?? storage?.dataFs;
}

function dataOf({ dataFs, blobs }: SiteStorage): SiteStorage['madeOf'] {
  return { dataFs, blobs };
}

function blobsName(storage: string): string {
  return storage === 'Data' ? 'blobstorage' : `blobstorage-${storage}`;
}
