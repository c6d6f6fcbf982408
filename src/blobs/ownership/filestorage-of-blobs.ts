import { stampsOf } from '../../repository/layout/catalogue.ts';
import { readIdentity } from '../../repository/records/repository-id.ts';
import { isNowhere } from '../../system/absent.ts';
import { isFailure } from '../../system/failure.ts';
import { leadToOne } from '../../system/files/place.ts';
import type { BlobCatalogue, BlobEntry } from '../layout/catalogue.ts';
import type { OpenBackups } from '../open-backups.ts';
import type { BlobSet } from '../retention/blob-retention.ts';
import { copiedTo } from './copied-folder.ts';

/**
 * What has become of the Data.fs backups that blob backups belong to, for those who back up nothing but blobs: the
 * same folder may hold blobs from before, or from a part that backs up the Data.fs, too.
 *
 * Those of another blob directory may be another site's, also where that isn't there: its disk may not be mounted.
 *
 * @param repository - where that site would keep its Data.fs backups
 * @param source - its live blob directory
 */
export async function findDataFsBackups(
  { store, entries }: BlobCatalogue,
  {
    repository,
    source,
    backups,
  }: { readonly repository: string; readonly source: string; readonly backups: OpenBackups },
): Promise<(entry: BlobEntry) => BlobSet['dataFsBackup']> {
  const near = await lookAt(repository, backups);
  const isCopied = copiedTo(store, backups);
  const byPath = new Map<string, Repository | undefined>();
  const ofAnother = new Set<BlobEntry>();
  for (const entry of entries) {
    const { record } = entry;
    const path = record?.repositoryPath;
    if (path !== undefined && !byPath.has(path)) byPath.set(path, await lookAt(path, backups));
    const isOfAnother = record?.source !== undefined && (await isOther(source, record.source));
    if (isOfAnother && !(await isCopied(entry))) ofAnother.add(entry);
  }
  // What doesn't say whose it is may belong to any of which there are blobs.
  const known = [...byPath.values()].flatMap((one) => one ?? []);
  const isAllKnown = entries.every(
    ({ record }) =>
      typeof record?.repository !== 'string' ||
      [near, ...known].some((one) => one?.id === record.repository),
  );
  return (entry) => {
    const { record, stamp } = entry;
    if (near?.stamps.has(stamp) === true) return 'there';
    if (record === undefined) {
      if (known.some((one) => one.stamps.has(stamp))) return 'there';
      return isAllKnown ? 'none' : 'unclear';
    }
    if (record.repository === null) return ofAnother.has(entry) ? 'unclear' : 'none';
    const own = [near, byPath.get(record.repositoryPath ?? '')].filter(
      (one) => one?.id === record.repository,
    );
    if (own.some((one) => one?.stamps.has(stamp))) return 'there';
    return own.length > 0 ? 'none' : 'unclear';
  };
}

/** Whether a recorded blob directory is another one; what can't be looked at may be. */
async function isOther(live: string, recorded: string): Promise<boolean> {
  return leadToOne(live, recorded).then(
    (isOne) => !isOne,
    () => true,
  );
}

interface Repository {
  readonly id: string | undefined;
  readonly stamps: ReadonlySet<string>;
}

/** Undefined where there is none. */
async function lookAt(path: string, backups: OpenBackups): Promise<Repository | undefined> {
  const repository = await backups.repository(path);
  try {
    const stamps = new Set<string>(stampsOf(await repository.catalogue()));
    return { id: (await readIdentity(repository.store))?.id, stamps };
  } catch (error) {
    const isMissing = isFailure(error, 'not-found');
    if (isMissing || isNowhere(error)) return undefined;
    throw error;
  }
}
