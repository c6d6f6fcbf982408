import { basename, dirname, join } from 'node:path';
import { isThere } from '../../system/files/presence.ts';
import type { Hint } from '../../system/remedy.ts';
import type { Origin } from './origin.ts';
import type { SettingsAdvice } from './settings-advice.ts';
import type { ServedElsewhere } from './site.ts';

/** A path, and in words what told it: a file and line, a part, a default. */
export interface Found {
  readonly path: string;
  readonly from: string;
}

/** A storage beside the main one. */
export interface MountedStorage {
  readonly name: string;
  readonly dataFs: string;
  readonly blobs: string | undefined;
  readonly from: string;
}

/** A blob directory that isn't complete, and why; where it was written. */
export interface BlobCache {
  readonly path: string;
  readonly reason: string;
  readonly origin: Origin | undefined;
}

/** Where a site's own configuration says that the live data is. */
export interface LiveData {
  /** The top folder of the site: there, relative paths begin. */
  readonly directory: string;
  readonly variable: Found | undefined;
  readonly dataFs: Found | undefined;
  readonly blobs: Found | undefined;
  /** Directories where ZEO clients keep what they fetched of the server's blobs. */
  readonly blobCaches: readonly BlobCache[];
  /** Whether it is said that a Zope or a ZEO server runs here, with what its recipe does unasked. */
  readonly hasServerPart: boolean;
  readonly mounted: readonly MountedStorage[];
  /** Storages that are backed up only where `additional_filestorages` has them; absent where there can't be any. */
  readonly unlisted?: readonly Omit<MountedStorage, 'blobs'>[];
  /** That the Data.fs in the usual place may not be the live one; absent where nothing says so. */
  readonly servedElsewhere?: ServedElsewhere | undefined;
  /** Where relative paths of the file that says it begin, and why; absent where it has none. */
  readonly relativePaths?: string;
  /** What of its data can't be backed up here, and why. */
  readonly elsewhere: readonly SettingsAdvice[];
  /** Data.fs files that hold only the changes of a DemoStorage; absent where there are none. */
  readonly changes?: readonly string[];
  /** Whether nobody has seen any of it: there are only backups, which somebody looks at. */
  readonly isAssumed?: boolean;
  /** Folders of its backups that somebody has named, or that are beside it; absent where options alone do. */
  readonly backupFolders?: {
    readonly location: Found | undefined;
    readonly blobbackuplocation: Found | undefined;
  };
  /** Variables of the environment that it is told by; absent where none can be. */
  readonly variables?: readonly string[];
}

/** What a site's own configuration tells. */
export type LiveOutcome =
  | { readonly kind: 'here'; readonly live: LiveData }
  /** The data is on another machine or in another program. */
  | { readonly kind: 'elsewhere'; readonly reason: string; readonly hint: Hint };

/**
 * The `var` folder of a Data.fs: in `VAR/filestorage/Data.fs` it is VAR, and else the folder of the
 * Data.fs.
 */
export function variableOf(dataFs: string): string {
  const folder = dirname(dataFs);
  return basename(folder) === 'filestorage' ? dirname(folder) : folder;
}

/** The live data around a Data.fs that is named: blobs as they are found in `VAR/blobstorage`. */
export async function liveAround(
  dataFs: Found,
  {
    directory,
    blobs,
    isBackedUp = false,
  }: {
    readonly directory: string;
    readonly blobs?: string | undefined;
    /** Whether it is said that there are backups of its blobs. */
    readonly isBackedUp?: boolean;
  },
): Promise<LiveData> {
  const variable = variableOf(dataFs.path);
  const folder = blobs ?? join(variable, 'blobstorage');
  // Where the site is lost, its backups tell that there were some.
  const hasBlobs =
    isBackedUp || (await isThere(folder)) || (await isThere(join(variable, 'blobstoragebackups')));
  return {
    directory,
    variable: { path: variable, from: dataFs.from },
    dataFs,
    blobs: hasBlobs ? { path: folder, from: `found beside the Data.fs` } : undefined,
    blobCaches: [],
    hasServerPart: false,
    mounted: [],
    elsewhere: [],
  };
}
