import { isSamePlace, isWithin, type Place, placeOf } from '../../system/place.ts';
import type { Site } from '../site.ts';

/** Folders that get in each other's way. */
export interface SharedFolders {
  readonly kind: 'same' | 'nested';
  readonly text: string;
}

/** How two sites are called: `the parts [one] and [two]`, `the sites "one" and "two"`. */
export type NamesOfTwo = (one: string, other: string) => string;

/**
 * Folders into which two sites back up, by whatever names, links and mounts: each removes what it takes for its
 * own, by its own rules. The recipe never noticed. Folders that lie in those of another site are found, too.
 */
export async function findSharedFolders(
  sites: readonly Site[],
  both: NamesOfTwo,
): Promise<readonly SharedFolders[]> {
  const shared: SharedFolders[] = [];
  const before: FolderOfPart[] = [];
  for (const { site, paths } of sites.map((site) => ({ site, paths: new Set(foldersOf(site)) }))) {
    const { part } = site;
    const own = await Promise.all(
      [...paths].map(async (path) => ({ part, path, place: await placeOf(path) })),
    );
    for (const [position, one] of own.entries()) {
      const twin = own.slice(0, position).find(({ place }) => isSamePlace(place, one.place));
      if (twin !== undefined) {
        const text = `"${twin.path}" and "${one.path}" are one folder: each needs one of its own`;
        shared.push({ kind: 'same', text });
      }
      const same = before.find(({ place }) => isSamePlace(place, one.place));
      if (same !== undefined) {
        const text = `${both(same.part, part)} both have their backups in "${one.path}": each removes old ones by its own rules`;
        shared.push({ kind: 'same', text });
        continue;
      }
      const around = before.find(
        ({ place }) => isWithin(place, one.place) || isWithin(one.place, place),
      );
      if (around === undefined) continue;
      const [inner, outer] = isWithin(one.place, around.place) ? [one, around] : [around, one];
      const text = `${both(around.part, part)} have their backups one in the other: "${inner.path}" lies in "${outer.path}"`;
      shared.push({ kind: 'nested', text });
    }
    before.push(...own);
  }
  return shared;
}

interface FolderOfPart {
  readonly part: string;
  readonly path: string;
  readonly place: Place;
}

/** The folders that a part's backups really go to. */
function foldersOf({ storages, contents }: Site): readonly string[] {
  return storages.flatMap(({ folders: { backup, snapshot, zip } }) =>
    [backup, snapshot, zip].flatMap(({ filestorage, blobs }) => [
      ...(contents === 'blobs' ? [] : [filestorage]),
      ...(contents === 'filestorages' || blobs === undefined ? [] : [blobs]),
    ]),
  );
}
