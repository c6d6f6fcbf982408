import type { CfgValue } from './buildout/cfg-value.ts';
import type { OptionSource } from './option-source.ts';
import { tomlOptions } from './toml/toml-options.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What another container's tool calls its options (zodb-backup). Words like FULL mean
 * anything elsewhere: they count only where DATAFS, without which that tool does nothing, is there.
 */
const BARE: Readonly<Record<string, string>> = {
  datafs: 'DATAFS',
  blob_storage: 'BLOBSTORAGE',
  location: 'BACKUP_LOCATION',
  blobbackuplocation: 'BLOB_BACKUP_LOCATION',
  snapshotlocation: 'SNAPSHOT_LOCATION',
  blobsnapshotlocation: 'BLOB_SNAPSHOT_LOCATION',
  full: 'FULL',
  quick: 'QUICK',
  gzip: 'GZIP',
  keep: 'KEEP',
  backup_blobs: 'BACKUP_BLOBS',
  only_blobs: 'ONLY_BLOBS',
  archive_blob: 'ARCHIVE_BLOB',
  compress_blob: 'COMPRESS_BLOB',
  use_rsync: 'USE_RSYNC',
  rsync_options: 'RSYNC_OPTIONS',
  pre_command: 'PRE_COMMAND',
  post_command: 'POST_COMMAND',
  debug: 'DEBUG',
};

/** The variables that may set an option, in the order in which they count. */
export function variablesOf(option: string): readonly string[] {
  const name = option.toUpperCase();
  const bare = BARE[option];
  return [
    `ZODBVAULT_${name}`,
    `COLLECTIVE_BACKUP_${name}`,
    `PLONE_BACKUP_${name}`,
    ...(bare === undefined ? [] : [bare]),
  ];
}

/** The options that the environment sets; values are written as in the recipe. Empty ones are none. */
export function environmentOptions(environment: Environment): OptionSource {
  const hasBare = (environment['DATAFS'] ?? '') !== '';
  const values = new Map<string, CfgValue>();
  for (const { name } of tomlOptions()) {
    const [prefixed, bare] = [variablesOf(name).slice(0, 3), variablesOf(name).slice(3)];
    const variable = [...prefixed, ...(hasBare ? bare : [])].find(
      (one) => (environment[one] ?? '') !== '',
    );
    const text = variable === undefined ? undefined : environment[variable];
    if (variable === undefined || text === undefined) continue;
    values.set(name, { text, origin: { kind: 'environment', variable } });
  }
  return {
    names: [...values.keys()],
    option: (name) => values.get(name),
    originOf: (name) => values.get(name)?.origin,
  };
}
