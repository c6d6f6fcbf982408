import { basename } from 'node:path';
import type { CopySettings } from '../model/copy-settings.ts';
import type { Site } from '../model/site.ts';
import { type CopyLine, readCopyLines } from './copy-lines.ts';
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
  for (const read of readCopyLines(text)) {
    if (read.kind === 'wrong') problems.add(read.why, origin);
    else copies.push(copyOf(read.copy, { resolution, buildout }));
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
  }: { readonly resolution: Resolution; readonly buildout: string | undefined },
): CopySettings {
  const { name, site, keep = '0', single_writer: isSingle } = options;
  const place = isUrl(url) ? url : resolution.expand(url, resolution.base);
  return {
    url: place,
    name: name ?? place,
    site: site ?? nameOfSite(resolution, buildout),
    keep: Number(keep),
    singleWriter: isSingle === 'true',
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
