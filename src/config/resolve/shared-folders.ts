import { type Place, placeOf } from '../../system/files/place.ts';
import type { SharedFolders } from '../model/settings-advice.ts';
import type { Site } from '../model/site.ts';

/**
 * Folders into which two sites back up, by whatever names, links and mounts: each removes what it takes for its
 * own, by its own rules. The recipe never noticed. Folders that lie in those of another site are found, too.
 */
export async function findSharedFolders(sites: readonly Site[]): Promise<readonly SharedFolders[]> {
  const shared: SharedFolders[] = [];
  const others = new FoldersByPlace();
  for (const site of sites) {
    const { part } = site;
    const own = new FoldersByPlace();
    const paths = [...new Set(foldersOf(site))];
    for (const one of await Promise.all(paths.map((path) => folderAt(path, part)))) {
      const twin = own.sameAs(one);
      if (twin !== undefined) shared.push({ is: 'one', paths: [twin.path, one.path] });
      own.add(one);
      const same = others.sameAs(one);
      if (same !== undefined) {
        shared.push({ is: 'same', parts: [same.part, part], path: one.path });
        continue;
      }
      const [inner, outer] = others.nestedWith(one);
      if (inner === undefined || outer === undefined) continue;
      const other = inner === one ? outer : inner;
      const parts = [other.part, part] as const;
      shared.push({ is: 'nested', parts, inner: inner.path, outer: outer.path });
    }
    others.addAll(own);
  }
  return shared;
}

async function folderAt(path: string, part: string): Promise<FolderOfPart> {
  return { part, path, place: await placeOf(path) };
}

/** Folders that are found by their place, and by those around it: parts may have thousands. */
class FoldersByPlace {
  readonly #folders = new Map<string, FolderOfPart>();
  /** By a folder around it, the first that is in there. */
  readonly #within = new Map<string, FolderOfPart>();

  add(one: FolderOfPart): void {
    if (!this.#folders.has(one.place.key)) this.#folders.set(one.place.key, one);
    for (const key of one.place.around.keys()) {
      if (!this.#within.has(key)) this.#within.set(key, one);
    }
  }

  addAll(more: FoldersByPlace): void {
    for (const one of more.#folders.values()) this.add(one);
  }

  sameAs({ place }: FolderOfPart): FolderOfPart | undefined {
    return this.#folders.get(place.key);
  }

  /** One of them that is in a folder, or around it, and that folder: the inner one first; none where there is none. */
  nestedWith(one: FolderOfPart): readonly [] | readonly [FolderOfPart, FolderOfPart] {
    const inner = this.#within.get(one.place.key);
    if (inner !== undefined) return [inner, one];
    for (const key of one.place.around.keys()) {
      const outer = this.#folders.get(key);
      if (outer !== undefined) return [one, outer];
    }
    return [];
  }
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
