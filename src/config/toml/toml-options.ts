import type { RecipeOption } from '../resolve/option-table.ts';

/** How an option is written in TOML. */
export type TomlKind =
  | 'flag'
  | 'count'
  /** A length of time, as in `30d`. */
  | 'span'
  | 'path'
  | 'text'
  /** Words of a command line: a string, or an array of them. */
  | 'words'
  /** Commands: a string, or an array with one each. */
  | 'commands'
  /** An array of tables: name, datafs, blob_storage. */
  | 'storages'
  /** An array of tables: name, location, blobbackuplocation. */
  | 'sources'
  /** Places that get a copy: strings, or tables. */
  | 'copies'
  | readonly string[];

export interface TomlOption {
  readonly kind: TomlKind;
  readonly says: string;
  /** As the reference shows it. */
  readonly byDefault: string;
}

/**
 * All that a site of a `zodbvault.toml` may say: the one table from which the reader, the JSON schema,
 * the variables of the environment and the table in docs/reference/configuration.md come. Names and
 * meanings are those of collective.recipe.backup.
 */
export const TOML_OPTIONS = {
  zope_conf: {
    kind: 'path',
    says: 'a `zope.conf` or `zeo.conf` that says where the data is',
    byDefault: 'found',
  },
  instance_yaml: {
    kind: 'path',
    says: 'an `instance.yaml` of cookiecutter-zope-instance that says where the data is',
    byDefault: 'found',
  },
  datafs: { kind: 'path', says: 'the Data.fs', byDefault: 'found' },
  blob_storage: { kind: 'path', says: 'the blob directory', byDefault: 'found' },
  additional_filestorages: {
    kind: 'storages',
    says: 'more storages beside the main one: `name`, `datafs`, `blob_storage`',
    byDefault: 'found',
  },
  locationprefix: {
    kind: 'path',
    says: 'the folder that contains all folders of backups',
    byDefault: '`var` of the Data.fs',
  },
  location: { kind: 'path', says: 'backups of the Data.fs', byDefault: '`backups`' },
  blobbackuplocation: {
    kind: 'path',
    says: 'backups of the blobs',
    byDefault: '`blobstoragebackups`',
  },
  snapshotlocation: {
    kind: 'path',
    says: 'snapshots of the Data.fs',
    byDefault: '`snapshotbackups`',
  },
  blobsnapshotlocation: {
    kind: 'path',
    says: 'snapshots of the blobs',
    byDefault: '`blobstoragesnapshots`',
  },
  ziplocation: { kind: 'path', says: 'zip backups of the Data.fs', byDefault: '`zipbackups`' },
  blobziplocation: {
    kind: 'path',
    says: 'zip backups of the blobs',
    byDefault: '`blobstoragezips`',
  },
  alternative_restore_source: {
    kind: 'sources',
    says: 'the backups for `restore --kind alternative`: `name`, `location`, `blobbackuplocation`',
    byDefault: 'none',
  },
  keep: {
    kind: 'count',
    says: 'full backups to keep, with their increments; 0 keeps all; if there is a rule for restore points, there is no default',
    byDefault: '0',
  },
  keep_daily: {
    kind: 'count',
    says: 'number of days: zodbvault keeps the newest restore point of each',
    byDefault: '0',
  },
  keep_weekly: {
    kind: 'count',
    says: 'number of weeks: zodbvault keeps the newest restore point of each',
    byDefault: '0',
  },
  keep_monthly: {
    kind: 'count',
    says: 'number of months: zodbvault keeps the newest restore point of each',
    byDefault: '0',
  },
  keep_yearly: {
    kind: 'count',
    says: 'number of years: zodbvault keeps the newest restore point of each',
    byDefault: '0',
  },
  keep_within: {
    kind: 'span',
    says: 'keep all restore points that are not older than this, as in `30d`',
    byDefault: 'none',
  },
  keep_blob_days: {
    kind: 'count',
    says: 'days to keep blob backups that belong to no Data.fs backup; 0 keeps all',
    byDefault: '0',
  },
  backup_blobs: { kind: 'flag', says: 'back up the blobs', byDefault: 'if there are any' },
  only_blobs: { kind: 'flag', says: 'back up only the blobs', byDefault: 'false' },
  full: { kind: 'flag', says: 'make only full backups', byDefault: 'false' },
  full_every: {
    kind: 'span',
    says: 'make a full backup instead of an increment if the last full backup is as old as this, as in `30d`',
    byDefault: 'none',
  },
  quick: {
    kind: 'flag',
    says: 'compare samples of the Data.fs with the last backup, not every byte',
    byDefault: 'true',
  },
  gzip: { kind: 'flag', says: 'compress backups of the Data.fs', byDefault: 'true' },
  verify_after_backup: {
    kind: ['off', 'quick', 'deep'],
    says: 'how to check a new backup before anything old is deleted',
    byDefault: '`quick`',
  },
  archive_blob: {
    kind: 'flag',
    says: 'make tar archives of the blobs, not copies',
    byDefault: 'false',
  },
  compress_blob: { kind: 'flag', says: 'compress these archives', byDefault: 'false' },
  gzip_blob: { kind: 'flag', says: 'an older name of `archive_blob`', byDefault: 'false' },
  incremental_blobs: {
    kind: 'flag',
    says: 'make archives that contain only new blobs, in chains',
    byDefault: 'false',
  },
  blob_timestamps: {
    kind: 'flag',
    says: 'name a blob backup after its Data.fs backup, not by a number',
    byDefault: 'true',
  },
  use_rsync: {
    kind: 'flag',
    says: 'copy blobs with rsync; otherwise zodbvault copies them itself',
    byDefault: 'false',
  },
  rsync_options: { kind: 'words', says: 'more options for rsync', byDefault: 'none' },
  rsync_hard_links_on_first_copy: {
    kind: 'flag',
    says: 'the first copy of the blobs shares its files with the live site',
    byDefault: 'false',
  },
  pre_command: {
    kind: 'commands',
    says: 'commands to run before a backup or a restore',
    byDefault: 'none',
  },
  post_command: {
    kind: 'commands',
    says: 'commands to run after a backup or a restore',
    byDefault: 'none',
  },
  copies: {
    kind: 'copies',
    says: 'places that get a copy of each backup: a folder, or a table with `url` and more',
    byDefault: 'none',
  },
  copy_compression: {
    kind: ['none', 'zstd'],
    says: 'zstd: copies get data files compressed again, smaller and faster than by gzip',
    byDefault: '`none`',
  },
  ping_url: {
    kind: 'text',
    says: 'the address of a health-check service, which is told when a backup begins, is done, or fails',
    byDefault: 'none',
  },
  debug: { kind: 'flag', says: 'write a more detailed log', byDefault: 'false' },
} as const satisfies Readonly<Record<string, TomlOption>>;

/** Options of the recipe that mean something in a buildout only, and what takes their place. */
export const ONLY_IN_BUILDOUT = {
  alternative_restore_sources: 'write alternative_restore_source',
  'blob-storage': 'write blob_storage',
  buildout_dir: 'paths begin at the folder of the file',
  compatible: 'the rules are those of 6.0',
  enable_fullbackup: 'there are no scripts; use "zodbvault backup --full"',
  enable_snapshotrestore: 'there are no scripts; use "zodbvault restore --kind snapshot"',
  enable_zipbackup: 'there are no scripts; use "zodbvault backup --kind zip"',
} as const satisfies Readonly<Partial<Record<RecipeOption, string>>>;

/** The options with their names, in the order of the table. */
export function tomlOptions(): readonly (TomlOption & { readonly name: string })[] {
  return Object.entries(TOML_OPTIONS).map(([name, option]) => ({ name, ...option }));
}

export function tomlOption(name: string): TomlOption | undefined {
  return tomlOptions().find((option) => option.name === name);
}
