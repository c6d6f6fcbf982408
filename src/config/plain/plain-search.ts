import { NO_OPTIONS, type OptionSource } from '../model/option-source.ts';
import type { PathEnvironment } from '../resolve/paths.ts';

/** What was said on the command line; undefined: nothing. */
export interface NamedPlaces {
  readonly dataFs: string | undefined;
  /** The repository. */
  readonly location: string | undefined;
  /** The live blob directory. */
  readonly blobStorage: string | undefined;
  /** The folder for backups of it. */
  readonly blobBackupLocation: string | undefined;
  readonly blobs: 'as-found' | 'left-out';
}

/** Nothing was named. */
export const NOTHING_NAMED: NamedPlaces = {
  dataFs: undefined,
  location: undefined,
  blobStorage: undefined,
  blobBackupLocation: undefined,
  blobs: 'as-found',
};

/** What the site is needed for: its data, or only its backups. */
export type Purpose = 'backup' | 'restore' | 'look';

/** How a site is looked for that no configuration describes. */
export interface PlainSearch {
  readonly written: NamedPlaces;
  /** Absent where the environment has no say. */
  readonly environment?: {
    readonly options: OptionSource;
    readonly pathEnvironment: PathEnvironment;
  };
  /** A Data.fs that was found; undefined: it is looked for in the usual places. */
  readonly found?: string | undefined;
  /** A blob directory that was found with it, and isn't in its usual place. */
  readonly foundBlobs?: string | undefined;
  /**
   * Whether the backups in a repository had blobs, and the folder with these is gone: then they are missed, and not
   * taken for none. Absent: nobody asks the backups.
   */
  readonly hasLostBlobs?: (location: string) => Promise<boolean>;
  readonly purpose: Purpose;
}

/** Where nothing is set. */
export const NO_ENVIRONMENT = {
  options: NO_OPTIONS,
  pathEnvironment: { variables: {}, homeOf: () => undefined },
};

/** The options for which the command line has words. */
export const PLACE_OPTIONS = ['datafs', 'location', 'blob_storage', 'blobbackuplocation'] as const;

/** Those that say where backups are: where the command line names one of these folders, neither counts. */
export const OVERRULED_BY_BACKUPS: readonly string[] = ['location', 'blobbackuplocation'];

/** Options that say where a site is: where the command line says where its data is, none of them counts. */
export const OVERRULED_BY_WORDS: readonly string[] = [
  ...PLACE_OPTIONS,
  'zope_conf',
  'instance_yaml',
];

/** Blobs that have no part in what is done, since nothing says where their backups are. */
export type ExcludedBlobs =
  | { readonly kind: 'warning'; readonly code: 'blobs-not-backed-up'; readonly path: string }
  | { readonly kind: 'warning'; readonly code: 'blobs-not-restored'; readonly path: string };

export function excludeBlobs(path: string, purpose: Purpose): ExcludedBlobs {
  return purpose === 'backup'
    ? { kind: 'warning', code: 'blobs-not-backed-up', path }
    : { kind: 'warning', code: 'blobs-not-restored', path };
}
