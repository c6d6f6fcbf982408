/**
 * The options of collective.recipe.backup, of all its versions from 2.3 to 6.0, what kind of value each
 * has, and our own: compatible, copies, copy_compression, full_every, keep_daily and its like, ping_url,
 * verify_after_backup. Aliases name the option that they stand for.
 */
export const RECIPE_OPTIONS = {
  additional_filestorages: 'lines',
  alternative_restore_source: 'lines',
  alternative_restore_sources: 'lines',
  archive_blob: 'flag',
  backup_blobs: 'flag',
  blob_storage: 'path',
  'blob-storage': 'path',
  blob_timestamps: 'flag',
  blobbackuplocation: 'location',
  blobsnapshotlocation: 'location',
  blobziplocation: 'location',
  buildout_dir: 'path',
  compatible: 'text',
  compress_blob: 'flag',
  copies: 'text',
  copy_compression: 'text',
  datafs: 'path',
  debug: 'flag',
  enable_fullbackup: 'flag',
  enable_snapshotrestore: 'flag',
  enable_zipbackup: 'flag',
  full: 'flag',
  full_every: 'span',
  gzip: 'flag',
  gzip_blob: 'flag',
  incremental_blobs: 'flag',
  keep: 'count',
  keep_blob_days: 'count',
  keep_daily: 'count',
  keep_monthly: 'count',
  keep_weekly: 'count',
  keep_within: 'span',
  keep_yearly: 'count',
  location: 'location',
  locationprefix: 'path',
  only_blobs: 'flag',
  ping_url: 'text',
  post_command: 'text',
  pre_command: 'text',
  quick: 'flag',
  rsync_hard_links_on_first_copy: 'flag',
  rsync_options: 'text',
  snapshotlocation: 'location',
  use_rsync: 'flag',
  verify_after_backup: 'text',
  ziplocation: 'location',
} as const satisfies Readonly<
  Record<string, 'flag' | 'count' | 'span' | 'path' | 'location' | 'lines' | 'text'>
>;

export type RecipeOption = keyof typeof RECIPE_OPTIONS;

type OptionOfKind<Kind> = {
  [Name in RecipeOption]: (typeof RECIPE_OPTIONS)[Name] extends Kind ? Name : never;
}[RecipeOption];

export type FlagOption = OptionOfKind<'flag'>;
export type CountOption = OptionOfKind<'count'>;
export type SpanOption = OptionOfKind<'span'>;
export type LocationOption = OptionOfKind<'location'>;

export function isRecipeOption(name: string): name is RecipeOption {
  return Object.hasOwn(RECIPE_OPTIONS, name);
}

export function isLocation(name: string): name is LocationOption {
  return Object.entries(RECIPE_OPTIONS).some(([one, kind]) => one === name && kind === 'location');
}

/**
 * What else may stand in a part without meaning anything to us: buildout's own words, and what the
 * recipe writes back into its section for others to refer to.
 */
const SILENT = new Set([
  'recipe',
  '_buildout_section_name_',
  '<',
  'eggs',
  'executable',
  'bin-directory',
  'parts-directory',
  'backup_name',
  'fullbackup_name',
  'snapshot_name',
  'zipbackup_name',
  'restore_name',
  'snapshotrestore_name',
  'ziprestore_name',
  'altrestore_name',
]);

/** Options that nobody reads, each with the known one that its writer may have meant. */
export function unknownOptions(
  names: readonly string[],
  nearest: (name: string, known: readonly string[]) => string,
): readonly { readonly name: string; readonly nearest: string }[] {
  const known = Object.keys(RECIPE_OPTIONS);
  return names
    .filter((name) => !known.includes(name) && !SILENT.has(name))
    .map((name) => ({ name, nearest: nearest(name, known) }));
}
