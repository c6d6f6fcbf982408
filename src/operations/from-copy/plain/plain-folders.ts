import { join } from 'node:path';
import { defaultFolderNames } from '../../../config/resolve/script-names.ts';
import { type CopyPlace, encodeName } from '../../../copies/layout/place.ts';
import type { PlaceNames } from '../../../copies/view/place-views.ts';

/** The folders of a site's backups below one folder, called as a site calls them by default: `backups_STORAGE`. */
export function plainFolders(folder: string): (place: CopyPlace) => PlaceNames {
  const names = defaultFolderNames('backup');
  const ofKind = {
    backup: [names.location, names.blobbackuplocation],
    snapshot: [names.snapshotlocation, names.blobsnapshotlocation],
    zip: [names.ziplocation, names.blobziplocation],
  } as const satisfies Record<CopyPlace['kind'], readonly [string, string]>;
  return ({ storage, kind }) => {
    const suffix = storage === MAIN ? '' : `_${encodeName(storage)}`;
    const [repository, blobs] = ofKind[kind];
    return { repository: join(folder, repository + suffix), blobs: join(folder, blobs + suffix) };
  };
}

const MAIN = 'Data';
