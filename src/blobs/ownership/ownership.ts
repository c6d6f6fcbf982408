import { basename } from 'node:path';
import { pointStampsOf } from '../../repository/layout/catalogue.ts';
import { readIdentity } from '../../repository/records/repository-id.ts';
import { leadingTo, leadToOne } from '../../system/files/place.ts';
import { isThere } from '../../system/files/presence.ts';
import type { BlobCatalogue, BlobEntry, BlobPlace } from '../layout/catalogue.ts';
import type { BlobsToChooseFrom } from '../layout/choose.ts';
import type { BlobRecord } from '../layout/record.ts';
import type { OpenBackups } from '../open-backups.ts';
import { copiedTo } from './copied-folder.ts';
import { findSharedBackups } from './shared-backups.ts';

/** A repository, by what tells it from others, and the real path of its folder. */
export interface OwningRepository {
  readonly id: string;
  readonly path: string;
}

/**
 * Whose a blob backup is, for a repository:
 *
 * - `this`: its own.
 * - `copy`: it was made for one that has the same id and is in another place: one of the two is a copy of the
 *   other. Where that is gone, the repository was moved, and the backup is its own.
 * - `other`: it was made for another repository.
 * - `unclear`: it doesn't say; the recipe's never do. Or the repository has lost its identity, or never had one, and
 *   what the backup names is not there either.
 */
export type EntryOwner = 'this' | 'copy' | 'other' | 'unclear';

/**
 * Tells of each entry of a folder whose it is. Where the folder was copied, too, what is in the copy belongs to whoever
 * has that.
 */
export async function findOwners(
  { store, entries, foreign }: BlobCatalogue,
  {
    id,
    path: own,
    backups,
  }: {
    readonly id: string | undefined;
    readonly path: string;
    readonly backups: OpenBackups;
  },
): Promise<(entry: BlobEntry) => EntryOwner> {
  const places = new Map<string, Promise<boolean>>();
  const elsewhere = new Map<string, boolean>();
  const isCopied = copiedTo(store, backups);
  for (const entry of [...entries, ...foreign]) {
    const { record } = entry;
    if (typeof record?.repository !== 'string' || record.repositoryPath === undefined) continue;
    const repository = { id: record.repository, path: record.repositoryPath };
    const place = JSON.stringify(repository);
    const isThere = places.get(place) ?? isElsewhere(own, { ...repository, backups });
    places.set(place, isThere);
    elsewhere.set(keyOf(entry, record), (await isThere) && !(await isCopied(entry)));
  }
  return (entry) => {
    const { record } = entry;
    if (typeof record?.repository !== 'string') return 'unclear';
    const isThere = elsewhere.get(keyOf(entry, record)) === true;
    if (id === undefined) return isThere ? 'other' : 'unclear';
    if (record.repository !== id) return 'other';
    return isThere ? 'copy' : 'this';
  };
}

function keyOf(
  { base, stamp }: BlobEntry,
  { repository, repositoryPath, folder }: BlobRecord,
): string {
  return JSON.stringify([repository, repositoryPath, folder, base, stamp]);
}

/** Whether a repository is in another folder than `own`. What can't be looked at may be. */
async function isElsewhere(
  own: string,
  { id, path, backups }: OwningRepository & { readonly backups: OpenBackups },
): Promise<boolean> {
  try {
    if (await leadToOne(own, path)) return false;
    return (await readIdentity((await backups.repository(path)).store))?.id === id;
  } catch {
    return true;
  }
}

/** Whether anybody can tell what is in the place of a repository. */
export async function canBeLookedAt(path: string, backups: OpenBackups): Promise<boolean> {
  return readIdentity((await backups.repository(path)).store).then(
    () => true,
    () => false,
  );
}

/** A folder with blob backups, without those of others. */
export interface SplitBlobs extends BlobCatalogue {
  /** Those of others, newest first, which are in neither of the other lists. */
  readonly others: readonly BlobEntry[];
}

/** The same, as it is for one site. */
export type OwnBlobs = SplitBlobs & BlobsToChooseFrom;

/** Which repository's blob backups are read, and what a run has opened. */
export interface BlobReading {
  /** Its folder; undefined where only blobs are backed up. */
  readonly repository: string | undefined;
  readonly backups: OpenBackups;
}

/**
 * The blob backups that a storage can be restored from. What belongs to another repository doesn't count, nor what was
 * made for a copy of this one, or for the one that this is a copy of, unless this has the same Data.fs backup.
 *
 * @param source - the blob directory that is, or was, backed up
 */
export async function readOwnBlobs(
  { source, folder }: BlobPlace,
  { repository, backups }: BlobReading,
): Promise<OwnBlobs> {
  const catalogue = await (await backups.blobFolder(folder)).catalogue(basename(source));
  if (repository === undefined) return ofDirectory(catalogue, { source, backups });
  const opened = await backups.repository(repository);
  const id = (await readIdentity(opened.store))?.id;
  const all = [...catalogue.entries, ...catalogue.foreign];
  const ownerOf = await findOwners(catalogue, { id, path: repository, backups });
  const isShared = all.some((entry) => ownerOf(entry) === 'copy');
  const points = isShared ? await opened.catalogueIfThere() : undefined;
  const stamps = new Set(points === undefined ? [] : pointStampsOf(points));
  const others = all.filter((entry) => ownerOf(entry) === 'other');
  const shared = await findSharedBackups(others, { source, repository, backups });
  const own = new Set(
    all.filter((entry) => {
      const owner = ownerOf(entry);
      return owner === 'this' || shared.has(entry) || (owner === 'copy' && stamps.has(entry.stamp));
    }),
  );
  const isOther = (entry: BlobEntry) => !own.has(entry) && ownerOf(entry) !== 'unclear';
  return { ...splitBlobs(catalogue, isOther), isCertain: (entry) => own.has(entry) };
}

/**
 * Where only blobs are backed up, the blob directory tells whose they are. Those of another that is there are another
 * site's, unless the folder was copied with this one, or has none that is certainly this site's: then it is read for
 * another site on purpose.
 */
async function ofDirectory(
  catalogue: BlobCatalogue,
  { source, backups }: { readonly source: string; readonly backups: OpenBackups },
): Promise<OwnBlobs> {
  const all = [...catalogue.entries, ...catalogue.foreign];
  const sources = all.flatMap(({ record }) => record?.source ?? []);
  const own = await leadingTo(source, sources);
  const there = new Set<string>();
  for (const one of new Set(sources)) if (await isThere(one)) there.add(one);
  const isCopied = copiedTo(catalogue.store, backups);
  const certain = new Set<BlobEntry>();
  const others = new Set<BlobEntry>();
  for (const entry of all) {
    const madeOf = entry.record?.source;
    if (madeOf === undefined) continue;
    if (own.has(madeOf) || (await isCopied(entry))) certain.add(entry);
    else if (there.has(madeOf)) others.add(entry);
  }
  const isOther = (entry: BlobEntry) => certain.size > 0 && others.has(entry);
  return { ...splitBlobs(catalogue, isOther), isCertain: (entry) => certain.has(entry) };
}

/** Takes out what is another's. */
export function splitBlobs(
  { store, entries, foreign }: BlobCatalogue,
  isOther: (entry: BlobEntry) => boolean,
): SplitBlobs {
  const isOwn = (entry: BlobEntry) => !isOther(entry);
  return {
    store,
    entries: entries.filter(isOwn),
    foreign: foreign.filter(isOwn),
    others: [...entries, ...foreign].filter(isOther),
  };
}
