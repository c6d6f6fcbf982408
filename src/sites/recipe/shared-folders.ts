import type { Site } from '../site.ts';

/**
 * Warnings for folders into which two parts back up: each removes what it takes for its own, by its
 * own rules. The recipe never noticed.
 */
export function sharedFolders(sites: readonly Site[]): readonly string[] {
  const owners = new Map<string, string>();
  const warnings: string[] = [];
  for (const site of sites) {
    for (const path of new Set(foldersOf(site))) {
      const owner = owners.get(path);
      if (owner === undefined) owners.set(path, site.part);
      else {
        warnings.push(
          `the parts [${owner}] and [${site.part}] both have their backups in "${path}": each removes old ones by its own rules`,
        );
      }
    }
  }
  return warnings;
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
