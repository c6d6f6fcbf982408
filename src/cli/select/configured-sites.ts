import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findLive, readLiveFile } from '../../config/discover/discovery.ts';
import { environmentOptions } from '../../config/environment/environment.ts';
import { type LiveData, liveAround } from '../../config/model/live-data.ts';
import { layered, type OptionSource, without } from '../../config/model/option-source.ts';
import { formatOrigin } from '../../config/model/origin.ts';
import { resolveConfigured, type WrittenSite } from '../../config/plain/configured-site.ts';
import { FOLDERS } from '../../config/plain/plain-places.ts';
import type { ExcludedBlobs } from '../../config/plain/plain-search.ts';
import { findDataFs } from '../../config/plain/plain-site.ts';
import { expandPath } from '../../config/resolve/paths.ts';
import { Problems } from '../../config/resolve/problems.ts';
import type { ResolvedSite } from '../../config/resolve/resolve-site.ts';
import { findSharedFolders } from '../../config/resolve/shared-folders.ts';
import { readZodbvaultToml } from '../../config/toml/zodbvault-toml.ts';
import { Failure } from '../../system/failure.ts';
import { sayShared } from '../render/warnings/settings.ts';
import { nearest, PATH_ENVIRONMENT } from './environment-access.ts';
import {
  type NamedBackups,
  optionsOverruled,
  withBlobsOfNamed,
  withNamedBackups,
} from './named-locations.ts';
import { takeUnusable, type UnusableSite } from './unusable-sites.ts';

/** The sites that a `zodbvault.toml` describes, or the one of a file that says where its live data is. */
export interface ConfiguredSites {
  readonly kind: 'configured';
  readonly path: string;
  readonly sites: readonly ResolvedSite[];
  readonly extent: 'all' | 'some';
  /** Variables of the environment to which the files refer. */
  readonly variables: readonly string[];
  /** Blobs that have no part in what is done. */
  readonly excludedBlobs: readonly ExcludedBlobs[];
}

export async function siteOfLive(
  path: string,
  live: LiveData,
  named: NamedBackups | undefined,
): Promise<ConfiguredSites> {
  const options = environmentOptions(process.env);
  const { resolved, excludedBlobs } = resolveWithNamed(
    {
      part: 'backup',
      subject: `what "${path}" says`,
      options:
        named?.blobbackuplocation === undefined ? options : without(options, ['backup_blobs']),
      live,
      pathEnvironment: PATH_ENVIRONMENT,
    },
    { config: path, named },
  );
  await refuseSharedFolders(path, [resolved]);
  const { variables = [] } = live;
  return { kind: 'configured', path, sites: [resolved], extent: 'all', variables, excludedBlobs };
}

function resolveWithNamed(
  written: WrittenSite,
  { config, named }: { readonly config: string; readonly named: NamedBackups | undefined },
): { readonly resolved: ResolvedSite; readonly excludedBlobs: readonly ExcludedBlobs[] } {
  if (named === undefined)
    return { resolved: resolveConfigured(written, { config }), excludedBlobs: [] };
  const live = withNamedBackups(written.live, named);
  return withBlobsOfNamed(resolveConfigured({ ...written, live }, { config }), named);
}

/**
 * The sites of a `zodbvault.toml`, or the one that was named. Failure `usage`, and those of sites that can't
 * be used, unless somebody takes them: `unusable`.
 */
export async function sitesOfToml(
  path: string,
  {
    part,
    named,
    unusable,
  }: {
    readonly part: string | undefined;
    readonly named: NamedBackups | undefined;
    readonly unusable: UnusableSite[] | undefined;
  },
): Promise<ConfiguredSites> {
  const { defaults: common, sites: tables } = await readZodbvaultToml(path, {
    nearest,
    judged: part,
  });
  const counting = (source: OptionSource) =>
    named === undefined ? source : without(source, optionsOverruled(named));
  const defaults = counting(common);
  const sites = tables.map((site) => ({ ...site, options: counting(site.options) }));
  const environment = environmentOptions(process.env);
  const all =
    sites.length === 0
      ? [{ name: 'backup', options: layered(environment, defaults), failure: undefined }]
      : sites.map((site) => ({ ...site, options: layered(site.options, environment, defaults) }));
  const meant = all.filter(({ name }) => part === undefined || part === name);
  if (meant.length === 0) {
    const names = all.map(({ name }) => name).join(', ');
    throw new Failure('usage', `Cannot find the site "${part}" in "${path}"`, {
      hint: `Its sites are ${names}.`,
    });
  }
  if (named !== undefined && meant.length > 1) {
    throw new Failure(
      'usage',
      `Cannot use one folder for the backups of several sites: "${path}" has ${meant.map(({ name }) => name).join(', ')}`,
      { hint: 'Name one of them with --part.' },
    );
  }
  const resolved: ResolvedSite[] = [];
  const excludedBlobs: ExcludedBlobs[] = [];
  const variables = new Set<string>();
  const failures: UnusableSite[] = [];
  const resolveOne = async ({ name, options, failure }: (typeof all)[number]) => {
    if (failure !== undefined) throw failure;
    const live = await liveOf(options, { path, named });
    for (const one of live.variables ?? []) variables.add(one);
    const subject = sites.length === 0 ? `"${path}"` : `the site "${name}" of "${path}"`;
    const written = {
      part: name,
      subject,
      options,
      live,
      pathEnvironment: PATH_ENVIRONMENT,
    };
    const one = resolveWithNamed(written, { config: path, named });
    resolved.push(one.resolved);
    excludedBlobs.push(...one.excludedBlobs);
  };
  for (const one of meant) {
    try {
      await resolveOne(one);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.push({ part: one.name, failure: error });
    }
  }
  takeUnusable(failures, { takers: unusable, others: resolved.length });
  await refuseSharedFolders(path, resolved);
  const extent = part === undefined ? 'all' : 'some';
  return {
    kind: 'configured',
    path,
    sites: resolved,
    extent,
    variables: [...variables],
    excludedBlobs,
  };
}

/** The file that options name for what it says about the data. Failure `usage` where they name two. */
export function liveFileOf(
  options: OptionSource,
  directory: string,
): { readonly path: string; readonly kind: 'conf' | 'instance-yaml' } | undefined {
  const files = LIVE_FILES.flatMap(({ option, kind }) => {
    const value = options.option(option);
    const text = value?.text.trim() ?? '';
    if (value === undefined || text === '') return [];
    const path = expandPath(text, { base: directory, pathEnvironment: PATH_ENVIRONMENT });
    return [{ path, kind, said: `${option} (${formatOrigin(value.origin)})` }];
  });
  const [first, second] = files;
  if (first === undefined || second === undefined) return first;
  throw new Failure(
    'usage',
    `Cannot tell where the live data is: both ${first.said} and ${second.said} are set`,
    { hint: 'Leave out one of them.' },
  );
}

const LIVE_FILES = [
  { option: 'zope_conf', kind: 'conf' },
  { option: 'instance_yaml', kind: 'instance-yaml' },
] as const;

/** What the options name, and else what the folder of the file tells. */
async function liveOf(
  options: OptionSource,
  { path, named }: { readonly path: string; readonly named: NamedBackups | undefined },
): Promise<LiveData> {
  const directory = resolve(path, '..');
  const written = (name: string, base = directory) => {
    const text = options.option(name)?.text.trim() ?? '';
    return text === '' ? undefined : expandPath(text, { base, pathEnvironment: PATH_ENVIRONMENT });
  };
  const prefix = written('locationprefix');
  const blobBackups =
    written('blobbackuplocation', prefix) ??
    (prefix === undefined ? undefined : join(prefix, FOLDERS.blobbackuplocation));
  const around = async (dataFs: string, from: string) =>
    liveAround(
      { path: dataFs, from },
      {
        directory,
        blobs: written('blob_storage'),
        isBackedUp: named?.blobbackuplocation !== undefined || (await holdsAny(blobBackups)),
      },
    );
  const file = liveFileOf(options, directory);
  if (file !== undefined) {
    return { ...(await readLiveFile(file.path, { ...file, environment: process.env })), directory };
  }
  const dataFs = written('datafs');
  if (dataFs !== undefined) return around(dataFs, 'default');
  const found = await findLive(directory, { environment: process.env, candidates: [] });
  if (found.kind === 'file') return { ...found.live, directory };
  if (found.kind === 'container') return around(found.dataFs, 'the volume of the container');
  const usual = resolve(directory, 'var/filestorage/Data.fs');
  return around((await findDataFs(directory)) ?? usual, 'default');
}

async function holdsAny(folder: string | undefined): Promise<boolean> {
  if (folder === undefined) return false;
  return readdir(folder).then(
    (names) => names.length > 0,
    () => false,
  );
}

/** Failure `usage` where the folders of two sites are the same, or lie in one another. */
async function refuseSharedFolders(path: string, sites: readonly ResolvedSite[]): Promise<void> {
  const problems = new Problems(`"${path}"`);
  const both = (one: string, other: string) => `the sites "${one}" and "${other}"`;
  const shared = await findSharedFolders(sites.map(({ site }) => site));
  for (const one of shared) problems.add(sayShared(one, both));
  problems.throwIfAny();
}
