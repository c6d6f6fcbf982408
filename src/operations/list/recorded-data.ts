import type { OpenBlobFolder } from '../../blobs/layout/open-blob-folder.ts';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { readIdentity } from '../../repository/records/repository-id.ts';
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
export async function findRecordedData(
  { repository, blobFolder, site }: BackupsOfLost,
  backups: OpenBackups,
): Promise<RecordedData> {
  const opened =
    repository !== undefined && (await isThere(repository))
      ? await backups.repository(repository)
      : undefined;
  return {
    dataFs: await firstOfSite(opened === undefined ? [] : await sourcesIn(opened), site),
    blobs: await firstOfSite(
      blobFolder === undefined
        ? []
        : await blobSourcesIn(await backups.blobFolder(blobFolder), opened),
      site,
    ),
  };
}

async function sourcesIn(repository: OpenRepository): Promise<readonly string[]> {
  const sources = (await repository.chains()).flatMap(({ links }) =>
    links.flatMap(({ record }) => record?.source ?? []),
  );
  return sources.reverse().filter((source) => source !== '');
}

/** Without those of other repositories, which may have theirs in the same folder. */
async function blobSourcesIn(
  folder: OpenBlobFolder,
  repository: OpenRepository | undefined,
): Promise<readonly string[]> {
  const { entries, foreign } = await folder.catalogue('blobstorage');
  const id = repository === undefined ? undefined : (await readIdentity(repository.store))?.id;
  return [...entries, ...foreign].flatMap(({ record }) =>
    record?.source !== undefined && (id === undefined || record.repository === id)
      ? record.source
      : [],
  );
}

async function firstOfSite(sources: readonly string[], site: string): Promise<string | undefined> {
  const folder = await placeOf(site);
  for (const source of new Set(sources)) {
    if (isWithin(await placeOf(source), folder)) return source;
  }
  return sources[0];
}
