import { isAbsolute, join, relative } from 'node:path';
import { PERIODS } from '../../system/calendar/period.ts';
import { formatSpan } from '../../system/calendar/span.ts';
import type { Site } from '../model/site.ts';
import { tomlOptions } from './toml-options.ts';

/** Shown as comments: what most people will never need is in the reference. */
const OFTEN = ['verify_after_backup', 'pre_command', 'post_command'];

/** A commented `zodbvault.toml` that says where a site and its backups are, and how much is kept until now. */
export function tomlTemplate(
  site: Site,
  {
    folder,
    blobs: inclusion,
  }: {
    /** Where it will lie. */
    readonly folder: string;
    readonly blobs: 'as-found' | 'left-out';
  },
): string {
  const { config, storages, keepBlobDays } = site;
  const main = storages.at(-1);
  if (main === undefined) throw new RangeError('a site without a storage');
  const { dataFs, blobs, folders } = main;
  const isYaml = config !== undefined && /\.ya?ml$/.test(config);
  const source =
    config !== undefined
      ? [[isYaml ? 'instance_yaml' : 'zope_conf', config]]
      : [['datafs', dataFs], ...(blobs === undefined ? [] : [['blob_storage', blobs]])];
  const places = [
    ['location', folders.backup.filestorage],
    ...(folders.backup.blobs === undefined ? [] : [['blobbackuplocation', folders.backup.blobs]]),
  ];
  const lines = [...source, ...places].map(
    ([name = '', path = '']) => `${name} = ${quoted(seenFrom(folder, path))}`,
  );
  const more = tomlOptions()
    .filter(({ name }) => OFTEN.includes(name))
    .map(({ name, says, byDefault }) =>
      `# ${name}: ${says}; default: ${byDefault}`.replaceAll('`', ''),
    );
  return [
    '# How zodbvault backs up this site. The page "Configuration" of its documentation has all options.',
    '# "zodbvault config" shows all settings, and where each one comes from.',
    '',
    '# Where the data is, and where its backups go, as seen from the folder of this file.',
    ...lines,
    ...(inclusion === 'left-out' ? ['backup_blobs = false'] : []),
    '',
    '# Full backups to keep, with their increments and blobs. Each backup deletes older ones.',
    '# 0 keeps all. Without such a line, all stay, too. More, by days, weeks, months, tags: the page "How long backups stay".',
    ...keepLines(site),
    '# Days for blob backups that go with no Data.fs backup; 0, or no such line, keeps all.',
    `keep_blob_days = ${keepBlobDays}`,
    '',
    ...more,
    '',
  ].join('\n');
}

/** With rules, `keep = 0` would be a contradiction. */
function keepLines({ keep, keepRules }: Site): readonly string[] {
  if (keepRules === undefined) return [`keep = ${keep}`];
  const { within } = keepRules;
  return [
    ...(keep === 0 ? [] : [`keep = ${keep}`]),
    ...PERIODS.flatMap((period) =>
      keepRules[period] === 0 ? [] : `keep_${period} = ${keepRules[period]}`,
    ),
    ...(within === undefined ? [] : [`keep_within = ${quoted(formatSpan(within))}`]),
  ];
}

/** What lies below the folder is named from there: a copy of a site must not work on the other one. */
function seenFrom(folder: string, path: string): string {
  const way = relative(folder, path);
  if (isAbsolute(way) || way === '' || way === '..' || way.startsWith('../')) return path;
  return /^[~$]/.test(way) ? `.${join('/', way)}` : way;
}

/** A basic string of TOML; JSON escapes nothing that it doesn't know. */
function quoted(value: string): string {
  return JSON.stringify(value);
}
