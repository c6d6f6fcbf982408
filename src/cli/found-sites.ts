import { resolve } from 'node:path';
import {
  settleConfigured,
  TOML_CONVENTIONS,
  UNASKED_CONVENTIONS,
} from '../sites/configured-site.ts';
import {
  type Candidate,
  findLive,
  kindOfConfig,
  readLiveFile,
  TOML_NAME,
} from '../sites/discovery.ts';
import { environmentOptions } from '../sites/environment.ts';
import { unknownVariables } from '../sites/known-variables.ts';
import { type LiveData, liveAround } from '../sites/live-data.ts';
import { layered, type OptionSource } from '../sites/option-source.ts';
import { formatOrigin } from '../sites/origin.ts';
import type { Purpose } from '../sites/plain-search.ts';
import { findDataFs, findPlainSite, type PlainSite } from '../sites/plain-site.ts';
import { expandPath } from '../sites/recipe/paths.ts';
import { Problems } from '../sites/recipe/problems.ts';
import type { RecipePart } from '../sites/recipe/recipe-part.ts';
import type { SettledSite } from '../sites/recipe/settle-site.ts';
import { findSharedFolders } from '../sites/recipe/shared-folders.ts';
import type { ForeignLine } from '../sites/schedule/foreign-lines.ts';
import { readZodbvaultToml } from '../sites/toml/zodbvault-toml.ts';
import { Failure } from '../system/failure.ts';
import { isThere } from '../system/presence.ts';
import { DEFAULT_CFG, findBackupParts } from './buildout.ts';
import type { SiteWish } from './sites.ts';
import { nearest, SURROUNDINGS } from './surroundings.ts';
import type { Terminal } from './terminal.ts';

/** The sites that are meant, by what describes them. */
export type FoundSites =
  | {
      readonly kind: 'buildout';
      readonly parts: readonly RecipePart[];
      readonly extent: 'all' | 'some';
      readonly cronLines: readonly ForeignLine[];
    }
  | {
      /** A `zodbvault.toml`, or a file that says where the live data is. */
      readonly kind: 'configured';
      readonly path: string;
      readonly sites: readonly SettledSite[];
      readonly extent: 'all' | 'some';
      /** Variables of the environment to which the files refer. */
      readonly variables: readonly string[];
    }
  | { readonly kind: 'plain'; readonly site: PlainSite };

export interface Found {
  readonly found: FoundSites;
  /** What was looked for, and why it was taken or not. */
  readonly candidates: readonly Candidate[];
}

/**
 * Finds the sites that are meant, in this order: places on the command line, `--config`,
 * `zodbvault.toml`, a buildout with a backup part, the environment, `zeo.conf` and `zope.conf`,
 * `instance.yaml`, the volume of the container images, `var/filestorage/Data.fs`, `Data.fs`.
 */
export async function findAnySites(
  wish: SiteWish,
  {
    terminal,
    purpose,
    candidates = [],
  }: {
    readonly terminal: Terminal;
    readonly purpose: Purpose;
    /** Gets what was looked for, also where that fails; absent: nobody asks. */
    readonly candidates?: Candidate[];
  },
): Promise<Found> {
  for (const one of unknownVariables(process.env, nearest)) terminal.advise(one);
  const found = await lookFor(wish, { terminal, purpose, candidates });
  if (found.kind === 'configured') {
    for (const { warnings } of found.sites) for (const one of warnings) terminal.advise(one);
  }
  if (found.kind === 'plain') {
    for (const one of found.site.warnings) terminal.advise(one);
    for (const one of found.site.leftOut) terminal.warn(one);
  }
  return { found, candidates };
}

/** Failure `usage` where the folders of two sites are the same, or lie in one another. */
async function refuseSharedFolders(path: string, sites: readonly SettledSite[]): Promise<void> {
  const problems = new Problems(`"${path}"`);
  const both = (one: string, other: string) => `the sites "${one}" and "${other}"`;
  const shared = await findSharedFolders(
    sites.map(({ site }) => site),
    both,
  );
  for (const { text } of shared) problems.add(text);
  problems.throwIfAny();
}

interface Looking {
  readonly terminal: Terminal;
  readonly purpose: Purpose;
  readonly candidates: Candidate[];
}

async function lookFor(wish: SiteWish, looking: Looking): Promise<FoundSites> {
  const { candidates, terminal } = looking;
  const { config, part } = wish;
  const pass = (what: string, why: string) => candidates.push({ what, state: 'passed over', why });
  const take = (what: string, why: string) => candidates.push({ what, state: 'taken', why });
  if (namesPlaces(wish)) {
    if (config !== undefined || part !== undefined) throw twoWays();
    take('the command line', 'it names places');
    return plainSite(wish, looking);
  }
  if (config !== undefined) {
    const path = resolve(config);
    take(path, '--config names it');
    const kind = await kindOfConfig(path);
    if (kind === 'toml') return sitesOfToml(path, part);
    if (kind !== 'buildout') {
      refusePart(part, path);
      return siteOfLive(path, await readLiveFile(path, { kind, environment: process.env }));
    }
    return { kind: 'buildout', ...(await findBackupParts({ config, part }, terminal)) };
  }
  const toml = resolve(TOML_NAME);
  if (await isThere(toml)) {
    take(toml, 'it is there');
    return sitesOfToml(toml, part);
  }
  pass(toml, 'it is not there');
  const cfg = resolve(DEFAULT_CFG);
  if (part !== undefined && !(await isThere(cfg))) throw noParts(part);
  const parts = await findBackupParts({ config, part }, terminal).catch(async (error: unknown) => {
    if (!(error instanceof Failure) || part !== undefined) throw error;
    pass(cfg, error.message);
    throw await besideUsable(error);
  });
  if (parts.parts.length > 0) {
    take(cfg, 'it has a backup part');
    return { kind: 'buildout', ...parts };
  }
  pass(cfg, (await isThere(cfg)) ? 'it has no backup part' : 'it is not there');
  const environment = environmentOptions(process.env);
  const file = liveFileOf(environment, process.cwd());
  if (file !== undefined) {
    take('the environment', `it names ${file.path}`);
    return siteOfLive(
      file.path,
      await readLiveFile(file.path, { ...file, environment: process.env }),
    );
  }
  if (environment.option('datafs') !== undefined) {
    take('the environment', 'it names the Data.fs');
    return plainSite(wish, looking);
  }
  const live = await findLive(process.cwd(), { environment: process.env, candidates });
  switch (live.kind) {
    case 'file':
      return siteOfLive(live.path, live.live);
    case 'container':
      return plainSite(wish, looking, live.dataFs);
    case 'nothing': {
      const usual = resolve('var/filestorage/Data.fs');
      const dataFs = await findDataFs(process.cwd());
      if (dataFs !== usual) pass(usual, 'it is not there');
      if (dataFs === undefined) pass(resolve('Data.fs'), 'it is not there');
      else take(dataFs, 'nothing before it was there');
      return plainSite(wish, looking);
    }
    default:
      return live satisfies never;
  }
}

function noParts(part: string): Failure {
  return new Failure(
    'usage',
    `Cannot find the part "${part}": there is no ${DEFAULT_CFG} and no ${TOML_NAME} here, so there are no parts`,
    { hint: 'Leave out --part, go to the folder of the buildout, or name its file with --config.' },
  );
}

/** What is no buildout and no zodbvault.toml describes one site. */
function refusePart(part: string | undefined, path: string): void {
  if (part === undefined || part === 'backup') return;
  throw new Failure('usage', `Cannot find the part "${part}" in "${path}": it has no parts`, {
    hint: 'Leave out --part; or write several sites into a zodbvault.toml.',
  });
}

/** A buildout that can't be used counts all the same; whoever wants what lies beside it says so. */
async function besideUsable(failure: Failure): Promise<Failure> {
  const { code, message, hint } = failure;
  const live = await findLive(process.cwd(), { environment: process.env, candidates: [] }).catch(
    () => undefined,
  );
  if (live?.kind !== 'file') return failure;
  const choice = `Or say which file counts: --config ${live.path}.`;
  return new Failure(code, message, { hint: `${hint} ${choice}`, cause: failure });
}

/** Whether the command line says where things are. */
export function namesPlaces(wish: SiteWish): boolean {
  const places = [wish.datafs, wish.location, wish.blobStorage, wish.blobbackuplocation];
  return places.some((place) => place !== undefined);
}

function twoWays(): Failure {
  return new Failure('usage', 'Cannot use a buildout and places of one’s own at once', {
    hint: 'Leave out --config and --part, or the places: the part says where everything is.',
  });
}

async function siteOfLive(path: string, live: LiveData): Promise<FoundSites> {
  const site = settleConfigured(
    {
      part: 'backup',
      subject: `what "${path}" says`,
      options: environmentOptions(process.env),
      live,
      conventions: UNASKED_CONVENTIONS,
      surroundings: SURROUNDINGS,
    },
    { config: path },
  );
  await refuseSharedFolders(path, [site]);
  const { variables = [] } = live;
  return { kind: 'configured', path, sites: [site], extent: 'all', variables };
}

/** The sites of a `zodbvault.toml`, or the one that was named. Failure `usage`. */
async function sitesOfToml(path: string, part: string | undefined): Promise<FoundSites> {
  const { defaults, sites } = await readZodbvaultToml(path, { nearest, judged: part });
  const environment = environmentOptions(process.env);
  const all =
    sites.length === 0
      ? [{ name: 'backup', options: layered(environment, defaults) }]
      : sites.map(({ name, options }) => ({
          name,
          options: layered(options, environment, defaults),
        }));
  const meant = all.filter(({ name }) => part === undefined || part === name);
  if (meant.length === 0) {
    const names = all.map(({ name }) => name).join(', ');
    throw new Failure('usage', `Cannot find the site "${part}" in "${path}"`, {
      hint: `Its sites are ${names}.`,
    });
  }
  const settled: SettledSite[] = [];
  const variables = new Set<string>();
  const failures: Failure[] = [];
  for (const { name, options } of meant) {
    const live = await liveOf(options, path);
    for (const one of live.variables ?? []) variables.add(one);
    const subject = sites.length === 0 ? `"${path}"` : `the site "${name}" of "${path}"`;
    const written = {
      part: name,
      subject,
      options,
      live,
      conventions: TOML_CONVENTIONS,
      surroundings: SURROUNDINGS,
    };
    try {
      settled.push(settleConfigured(written, { config: path }));
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'usage') throw error;
      failures.push(error);
    }
  }
  throwTogether(failures);
  await refuseSharedFolders(path, settled);
  const extent = part === undefined ? 'all' : 'some';
  return { kind: 'configured', path, sites: settled, extent, variables: [...variables] };
}

/** Several are said at once, under the hint that all of them have. */
function throwTogether(failures: readonly Failure[]): void {
  const [first, ...others] = failures;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const { code, hint } = first;
  throw new Failure(code, failures.map(({ message }) => message).join('\n'), { hint });
}

/** The file that options name for what it says about the data. Failure `usage` where they name two. */
function liveFileOf(
  options: OptionSource,
  directory: string,
): { readonly path: string; readonly kind: 'conf' | 'instance-yaml' } | undefined {
  const files = LIVE_FILES.flatMap(({ option, kind }) => {
    const value = options.option(option);
    const text = value?.text.trim() ?? '';
    if (value === undefined || text === '') return [];
    const path = expandPath(text, { base: directory, surroundings: SURROUNDINGS });
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
async function liveOf(options: OptionSource, path: string): Promise<LiveData> {
  const directory = resolve(path, '..');
  const written = (name: string) => {
    const text = options.option(name)?.text.trim() ?? '';
    return text === ''
      ? undefined
      : expandPath(text, { base: directory, surroundings: SURROUNDINGS });
  };
  const around = (dataFs: string, from: string) =>
    liveAround({ path: dataFs, from }, { directory, blobs: written('blob_storage') });
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

/** The places that were named, and else those that every Zope has, or those around a Data.fs that was found. */
async function plainSite(
  wish: SiteWish,
  { purpose }: Looking,
  found?: string,
): Promise<FoundSites> {
  const written = {
    dataFs: wish.datafs,
    location: wish.location,
    blobStorage: wish.blobStorage,
    blobBackupLocation: wish.blobbackuplocation,
    blobs: wish.blobs ? 'as-found' : 'left-out',
  } as const;
  const environment = {
    options: environmentOptions(process.env),
    surroundings: SURROUNDINGS,
  };
  const search = { written, environment, found, purpose };
  return { kind: 'plain', site: await findPlainSite(process.cwd(), search) };
}
