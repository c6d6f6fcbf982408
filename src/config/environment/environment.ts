import type { CfgValue } from '../model/cfg-value.ts';
import type { OptionSource } from '../model/option-source.ts';
import { tomlOption, tomlOptions } from '../toml/toml-options.ts';

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

/** Stands between the lines of a value where there is only one line, as in a crontab. */
const BETWEEN_LINES = ' ; ';

/** A value of several lines in one; undefined where that would mean something else. */
export function inOneLine(text: string): string | undefined {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const one = lines.join(BETWEEN_LINES);
  return inSeveralLines(one) === lines.join('\n') ? one : undefined;
}

function inSeveralLines(text: string): string {
  return text.replace(/\s+;\s+/g, '\n');
}

/** Whether a value has a line for each storage. */
function hasLines(option: string): boolean {
  const kind = tomlOption(option)?.kind;
  return kind === 'storages' || kind === 'sources' || kind === 'copies';
}

/**
 * The options that the environment sets; values are written as in the recipe, those of several lines also in
 * one, with ";" between them. Empty ones are none.
 */
export function environmentOptions(environment: Environment): OptionSource {
  const hasBare = (environment['DATAFS'] ?? '') !== '';
  const values = new Map<string, CfgValue>();
  for (const { name } of tomlOptions()) {
    const [prefixed, bare] = [variablesOf(name).slice(0, 3), variablesOf(name).slice(3)];
    const variable = [...prefixed, ...(hasBare ? bare : [])].find(
      (one) => (environment[one] ?? '').trim() !== '',
    );
    const text = variable === undefined ? undefined : environment[variable];
    if (variable === undefined || text === undefined) continue;
    const meant = hasLines(name) ? inSeveralLines(text) : text;
    values.set(name, { text: meant, origin: { kind: 'environment', variable } });
  }
  return {
    names: [...values.keys()],
    option: (name) => values.get(name),
    originOf: (name) => values.get(name)?.origin,
  };
}

/** What a command was told by the environment, for one that will run in another. */
export interface UsedEnvironment {
  /** By the names that count before all others. */
  readonly carried: Readonly<Record<string, string>>;
  /** Variables that can't be written down where others read them, or not in one line. */
  readonly left: readonly string[];
}

/** The same for variables to which files refer, by their own names. */
export function withVariables(
  { carried, left }: UsedEnvironment,
  { environment, names }: { readonly environment: Environment; readonly names: readonly string[] },
): UsedEnvironment {
  const more = names.flatMap((name) => {
    const text = environment[name];
    return text === undefined ? [] : [[name, text] as const];
  });
  const isWritable = ([, text]: readonly [string, string]) => !/[\n\r\0]/.test(text);
  return {
    carried: { ...carried, ...Object.fromEntries(more.filter(isWritable)) },
    left: [...left, ...more.filter((one) => !isWritable(one)).map(([name]) => name)],
  };
}

/** Options that say where a site's data and backups are, and which of them there are. */
const PLACES: readonly string[] = [
  ...['datafs', 'blob_storage', 'additional_filestorages', 'zope_conf', 'instance_yaml'],
  ...['locationprefix', 'location', 'blobbackuplocation', 'backup_blobs', 'only_blobs'],
];

/**
 * The variables that tell which site is meant, for a command line that is to mean the same one elsewhere.
 *
 * @param without - options that it says in words
 * @param names - variables to which files refer
 */
export function environmentOfPlaces(
  environment: Environment,
  { without, names }: { readonly without: readonly string[]; readonly names: readonly string[] },
): Readonly<Record<string, string>> {
  const used = usedEnvironment(environment, { without }).carried;
  const places = [...PLACES.map((name) => variablesOf(name)[0]), 'ZODBVAULT_DATA'];
  const own = Object.entries(used).filter(([name]) => places.includes(name));
  return withVariables({ carried: Object.fromEntries(own), left: [] }, { environment, names })
    .carried;
}

/** Addresses and commands may hold passwords; what a crontab says is in the list of processes. */
const SECRET = ['ping_url', 'pre_command', 'post_command'];

/**
 * The variables that set options.
 *
 * @param without - options that are said in another way
 */
export function usedEnvironment(
  environment: Environment,
  { without }: { readonly without: readonly string[] },
): UsedEnvironment {
  const carried: Record<string, string> = {};
  const left: string[] = [];
  const options = environmentOptions(environment);
  for (const name of options.names) {
    const value = options.option(name);
    if (without.includes(name) || value?.origin.kind !== 'environment') continue;
    const { origin } = value;
    const text = hasLines(name) ? inOneLine(value.text) : value.text;
    if (SECRET.includes(name) || text === undefined || /[\n\r\0]/.test(text)) {
      left.push(origin.variable);
    } else carried[variablesOf(name)[0] ?? origin.variable] = text;
  }
  const data = environment['ZODBVAULT_DATA'] ?? '';
  if (data !== '' && !without.includes('datafs')) carried['ZODBVAULT_DATA'] = data;
  return { carried, left };
}
