import { basename } from 'node:path';
import type { CopySettings } from '../model/copy-settings.ts';
import type { Site } from '../model/site.ts';
import { type CopyLine, keepRulesOf, readCopyLines, wordsIn } from './copy-lines.ts';
import { COPY_OPTIONS } from './copy-options.ts';
import type { Resolution } from './resolution.ts';

/** The places that get a copy of each backup; undefined: there are none. */
export function resolveCopies(
  resolution: Resolution,
  { buildout }: Pick<Site, 'buildout'>,
): readonly CopySettings[] | undefined {
  const { options, problems } = resolution;
  const text = options.text('copies');
  const origin = options.written('copies')?.origin;
  const copies: CopySettings[] = [];
  const compression = resolveCompression(resolution);
  for (const read of readCopyLines(text)) {
    if (read.kind === 'wrong') problems.add(read.why, origin);
    else copies.push(copyOf(read.copy, { resolution, buildout, compression }));
  }
  for (const twice of repeated(copies.map(({ name }) => name))) {
    problems.add(`copies: two copies are called "${twice}"; give each a name`, origin);
  }
  return copies.length === 0 ? undefined : copies;
}

function copyOf(
  { url, options }: CopyLine,
  {
    resolution,
    buildout,
    compression: byDefault,
  }: {
    readonly resolution: Resolution;
    readonly buildout: string | undefined;
    readonly compression: string;
  },
): CopySettings {
  const { name, site, keep = '0', recipients = '', compression } = options;
  const place = isUrl(url) ? url : resolution.expand(url, resolution.base);
  return {
    url: place,
    name: name ?? place,
    site: site ?? nameOfSite(resolution, buildout),
    keep: Number(keep),
    keepRules: keepRulesOf(options),
    recipients: wordsIn(recipients).map((word) =>
      word.startsWith('@') ? `@${resolution.expand(word.slice(1), resolution.base)}` : word,
    ),
    keyFile: options.key_file && resolution.expand(options.key_file, resolution.base),
    compression: (compression ?? byDefault) === 'zstd' ? 'zstd' : 'as-is',
    singleWriter: options.single_writer === 'true',
    appendOnly: options.append_only === 'true',
    lockDays: Number(options.lock_days ?? 0),
    access: accessOf(options, (path) => resolution.expand(path, resolution.base)),
  };
}

function accessOf(
  options: CopyLine['options'],
  expand: (path: string) => string,
): CopySettings['access'] {
  const { path_style: style, bytes_per_second: limit = '0', ...said } = options;
  return {
    endpoint: said.endpoint,
    region: said.region,
    pathStyle: style === undefined ? undefined : style === 'true',
    credentialsFile: said.credentials_file && expand(said.credentials_file),
    knownHosts: said.known_hosts && expand(said.known_hosts),
    identityFile: said.identity_file && expand(said.identity_file),
    bytesPerSecond: Number(limit) === 0 ? undefined : Number(limit),
  };
}

/** Of the copies that say nothing of it. */
function resolveCompression({ options, problems }: Resolution): string {
  const text = options.text('copy_compression', { byDefault: 'none' });
  if (!COPY_OPTIONS.compression.kind.some((one) => one === text)) {
    const origin = options.written('copy_compression')?.origin;
    problems.add(`copy_compression = ${text}: write none or zstd`, origin);
  }
  return text;
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

/** Parts of buildouts, and files with one site, mostly have the same name: the folder tells more. */
function nameOfSite({ part, base }: Resolution, buildout: string | undefined): string {
  const folder = basename(base);
  if (folder === '') return part;
  if (part === 'backup') return folder;
  return buildout === undefined ? part : `${folder}-${part}`;
}

function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
