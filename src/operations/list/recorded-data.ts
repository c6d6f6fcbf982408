import { readBlobCatalogue } from '../../blobs/layout/catalogue.ts';
import { readCatalogue } from '../../repository/layout/catalogue.ts';
import { chainReader, readChains } from '../../repository/layout/chain.ts';
import { readIdentity } from '../../repository/records/repository-id.ts';
import { folderStore } from '../../stores/folder-store.ts';
import { isWithin, placeOf } from '../../system/files/place.ts';
import { isThere } from '../../system/files/presence.ts';

/** Where the backups are whose records are read, and for whom. */
export interface BackupsOfLost {
  /** The folder with the Data.fs backups; undefined: none is known. */
  readonly repository: string | undefined;
  /** The folder with the blob backups. */
  readonly blobFolder: string | undefined;
  /** The folder of the site that is meant: what was in it counts first. */
  readonly site: string;
}

/** Where data was when it was backed up; undefined where no record tells, as with repozo's. */
export interface RecordedData {
  readonly dataFs: string | undefined;
  readonly blobs: string | undefined;
}

/** Asks the backups themselves, the newest first, where the data is that they were made of. */
export async function findRecordedData(backups: BackupsOfLost): Promise<RecordedData> {
  const { repository, blobFolder, site } = backups;
  return {
    dataFs: await firstOfSite(repository === undefined ? [] : await sourcesIn(repository), site),
    blobs: await firstOfSite(
      blobFolder === undefined ? [] : await blobSourcesIn(blobFolder, repository),
      site,
    ),
  };
}

async function sourcesIn(repository: string): Promise<readonly string[]> {
  if (!(await isThere(repository))) return [];
  const store = folderStore(repository);
  const chains = await readChains(await readCatalogue(store), chainReader(store));
  const sources = chains.flatMap(({ links }) =>
    links.flatMap(({ record }) => record?.source ?? []),
  );
  return sources.reverse().filter((source) => source !== '');
}

/** Without those of other repositories, which may have theirs in the same folder. */
async function blobSourcesIn(
  folder: string,
  repository: string | undefined,
): Promise<readonly string[]> {
  const { entries, foreign } = await readBlobCatalogue(folder, 'blobstorage');
  const id = repository === undefined ? undefined : await idOf(repository);
  return [...entries, ...foreign].flatMap(({ record }) =>
    record?.source !== undefined && (id === undefined || record.repository === id)
      ? record.source
      : [],
  );
}

async function idOf(repository: string): Promise<string | undefined> {
  if (!(await isThere(repository))) return undefined;
  return (await readIdentity(folderStore(repository)))?.id;
}

async function firstOfSite(sources: readonly string[], site: string): Promise<string | undefined> {
  const folder = await placeOf(site);
  for (const source of new Set(sources)) {
    if (isWithin(await placeOf(source), folder)) return source;
  }
  return sources[0];
}
