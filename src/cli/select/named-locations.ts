import { resolve } from 'node:path';
import type { LiveData } from '../../config/model/live-data.ts';
import { formatOrigin } from '../../config/model/origin.ts';
import {
  type ExcludedBlobs,
  excludeBlobs,
  OVERRULED_BY_BACKUPS,
  OVERRULED_BY_WORDS,
  type Purpose,
} from '../../config/plain/plain-search.ts';
import { KEEPING_OPTIONS } from '../../config/resolve/resolve-keeping.ts';
import type { ResolvedSite } from '../../config/resolve/resolve-site.ts';
import { Failure } from '../../system/failure.ts';
import type { SiteSelection } from './site-selection.ts';

/** Folders of backups that the command line names, for a site whose data is found as without them. */
export interface NamedBackups {
  readonly location: string | undefined;
  readonly blobbackuplocation: string | undefined;
  readonly blobs: 'wanted' | 'left-out';
  readonly purpose: Purpose;
}

/** Undefined where the command line names none, or the data as well. */
export function namedBackups(selection: SiteSelection, purpose: Purpose): NamedBackups | undefined {
  const { location, blobbackuplocation } = selection;
  if (namesData(selection) || (location === undefined && blobbackuplocation === undefined)) return;
  return { location, blobbackuplocation, blobs: selection.blobs ? 'wanted' : 'left-out', purpose };
}

/** Whether the command line says where the live data is. */
export function namesData({ datafs, blobStorage }: SiteSelection): boolean {
  return datafs !== undefined || blobStorage !== undefined;
}

/** Whether the command line says where things are. */
export function namesPlaces(selection: SiteSelection): boolean {
  return namesData(selection) || namedBackups(selection, 'look') !== undefined;
}

/** Options of the environment that the command line overrules. */
export function overruledByWords(selection: SiteSelection): readonly string[] {
  if (namesData(selection)) return OVERRULED_BY_WORDS;
  return namesPlaces(selection) ? OVERRULED_BY_BACKUPS : [];
}

/** The options of a file that don't count: what it removes, it removes from the folders that it names. */
export function optionsOverruled({ blobbackuplocation }: NamedBackups): readonly string[] {
  return [...KEEPING_OPTIONS, ...(blobbackuplocation === undefined ? [] : ['backup_blobs'])];
}

/** The live data of a site, with the named folders for its backups. */
export function withNamedBackups(
  live: LiveData,
  { location, blobbackuplocation }: NamedBackups,
): LiveData {
  const found = (path: string | undefined) =>
    path === undefined
      ? undefined
      : { path: resolve(path), from: formatOrigin({ kind: 'command-line' }) };
  const backupFolders = {
    location: found(location),
    blobbackuplocation: found(blobbackuplocation),
  };
  return { ...live, backupFolders };
}

/**
 * The site without its blobs where no folder is named for their backups: those in its own folder belong to
 * other backups of the Data.fs. Failure `usage` where the blobs are wanted, and it has none, or nothing else.
 */
export function withBlobsOfNamed(
  resolved: ResolvedSite,
  { location, blobbackuplocation, blobs, purpose }: NamedBackups,
): { readonly resolved: ResolvedSite; readonly excludedBlobs: readonly ExcludedBlobs[] } {
  const { site } = resolved;
  if (blobs === 'left-out') return { resolved, excludedBlobs: [] };
  if (blobbackuplocation !== undefined) {
    if (site.contents !== 'filestorages') return { resolved, excludedBlobs: [] };
    throw new Failure('usage', 'Cannot tell where the blob directory is', {
      hint: 'Name it with --blob-storage, and the Data.fs with --datafs.',
    });
  }
  if (site.contents === 'filestorages' || location === undefined)
    return { resolved, excludedBlobs: [] };
  if (site.contents === 'blobs') {
    throw new Failure('usage', 'Cannot use --location: only_blobs is set', {
      hint: 'Name the folder for the backups of the blobs with --blobbackuplocation.',
    });
  }
  const folders = site.storages.flatMap((storage) => storage.blobs ?? []);
  return {
    resolved: { ...resolved, site: { ...site, contents: 'filestorages' } },
    excludedBlobs: purpose === 'look' ? [] : folders.map((path) => excludeBlobs(path, purpose)),
  };
}
