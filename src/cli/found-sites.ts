import { dirname, resolve } from 'node:path';
import {
  type Candidate,
  findLive,
  kindOfConfig,
  readLiveFile,
  TOML_NAME,
} from '../sites/discovery.ts';
import { environmentOptions } from '../sites/environment.ts';
import { unknownVariables } from '../sites/known-variables.ts';
import type { Purpose } from '../sites/plain-search.ts';
import { findDataFs, findPlainSite, type PlainSite } from '../sites/plain-site.ts';
import type { RecipePart } from '../sites/recipe/recipe-part.ts';
import type { ForeignLine } from '../sites/schedule/foreign-lines.ts';
import { Failure } from '../system/failure.ts';
import { isThere } from '../system/presence.ts';
import { DEFAULT_CFG, findBackupParts } from './buildout.ts';
import { type ConfiguredSites, liveFileOf, siteOfLive, sitesOfToml } from './configured-sites.ts';
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
  | ConfiguredSites
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
      if (looking.purpose === 'backup') await refuseEmptyVolume(live.dataFs);
      return plainSite(wish, looking, live.dataFs);
    case 'nothing': {
      const usual = resolve('var/filestorage/Data.fs');
      const dataFs = await findDataFs(process.cwd());
      if (dataFs !== usual) pass(usual, 'it is not there');
      if (dataFs === undefined) pass(resolve('Data.fs'), 'it is not there');
      else take(dataFs, 'nothing before it was there');
      return plainSite(wish, looking).catch(async (error: unknown) => {
        throw (await isThere(cfg)) ? besideBuildout(error) : error;
      });
    }
    default:
      return live satisfies never;
  }
}

/** A new site has its folder before it has a Data.fs; without either, the variable names another folder. */
async function refuseEmptyVolume(dataFs: string): Promise<void> {
  if (await isThere(dirname(dataFs))) return;
  const volume = dirname(dirname(dataFs));
  throw new Failure(
    'not-found',
    `Cannot find a Data.fs: ZODBVAULT_DATA names "${volume}", and there is no "${dirname(dataFs)}"`,
    {
      hint: 'Correct the variable, or unset it; where the data is lost, "zodbvault restore" brings it back.',
    },
  );
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

/** Who stands in a buildout without anything else expects that it says where the data is. */
function besideBuildout(error: unknown): unknown {
  if (!(error instanceof Failure) || error.code !== 'not-found') return error;
  const why = `The ${DEFAULT_CFG} here has no backup part, no part with "recipe = collective.recipe.backup".`;
  return new Failure(error.code, error.message, { hint: `${error.hint} ${why}`, cause: error });
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
