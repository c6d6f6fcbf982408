import { resolve } from 'node:path';
import { OpenBackups } from '../../blobs/open-backups.ts';
import {
  type Candidate,
  findLive,
  kindOfConfig,
  readLiveFile,
  TOML_NAME,
} from '../../config/discover/discovery.ts';
import { environmentOptions } from '../../config/environment/environment.ts';
import { unknownVariables } from '../../config/environment/known-variables.ts';
import { refuseOwnBackupsAmongBlobs } from '../../config/model/blob-directory-check.ts';
import type { Site } from '../../config/model/site.ts';
import { refuseUnreadablePaths } from '../../config/model/unreadable-paths.ts';
import type { Purpose } from '../../config/plain/plain-search.ts';
import { findDataFs, findPlainSite, type PlainSite } from '../../config/plain/plain-site.ts';
import { hasLostBlobBackups } from '../../operations/list/lost-blob-backups.ts';
import { Failure, isFailure } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';
import { refuseRenamedVariables } from '../reference/renamed.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type ConfiguredSites, liveFileOf, siteOfLive, sitesOfToml } from './configured-sites.ts';
import {
  noParts,
  refuseEmptyVolume,
  refuseOtherThan,
  refusePart,
  twoWays,
} from './conflicting-options.ts';
import { nearest, PATH_ENVIRONMENT } from './environment-access.ts';
import { findLostData } from './lost-data.ts';
import { type NamedBackups, namedBackups, namesData } from './named-locations.ts';
import { DEFAULT_CFG, findBackupParts, type ReadParts } from './select-buildout-part.ts';
import type { SiteSelection } from './site-selection.ts';
import type { UnusableSite } from './unusable-sites.ts';

/** The sites that are meant, by what describes them. */
export type FoundSites =
  | ({ readonly kind: 'buildout' } & ReadParts)
  | ConfiguredSites
  | { readonly kind: 'plain'; readonly site: PlainSite };

export interface Found {
  readonly found: FoundSites;
  /** What was looked for, and why it was taken or not. */
  readonly candidates: readonly Candidate[];
}

/**
 * Finds the sites that are meant, in this order: a Data.fs or a blob directory on the command line, `--config`,
 * `zodbvault.toml`, a buildout with a backup part, the environment, `zeo.conf` and `zope.conf`,
 * `instance.yaml`, the volume of the container images, `var/filestorage/Data.fs`, `Data.fs`.
 */
export async function findAnySites(
  selection: SiteSelection,
  {
    terminal,
    purpose,
    candidates = [],
    unusable,
    backups,
  }: {
    readonly terminal: Terminal;
    readonly purpose: Purpose;
    /** Gets what was looked for, also where that fails; absent: nobody asks. */
    readonly candidates?: Candidate[];
    /** Gets the sites that can't be used, where others can; absent: they are thrown. */
    readonly unusable?: UnusableSite[] | undefined;
    /** What the command has opened: backups that tell of lost data are read once. Absent: it has opened none. */
    readonly backups?: OpenBackups | undefined;
  },
): Promise<Found> {
  refuseRenamedVariables(process.env);
  for (const one of unknownVariables(process.env, nearest)) renderWarning(one, terminal);
  const found = await lookFor(selection, { terminal, purpose, candidates, unusable, backups });
  if (found.kind === 'configured') {
    const own = found.sites.flatMap(({ warnings }) => warnings);
    for (const one of [...own, ...found.excludedBlobs]) renderWarning(one, terminal);
  }
  if (found.kind === 'plain') {
    const { warnings, excludedBlobs } = found.site;
    for (const one of [...warnings, ...excludedBlobs]) renderWarning(one, terminal);
  }
  for (const site of sitesOf(found)) refuseUnreadablePaths(site);
  if (purpose === 'backup') {
    for (const site of sitesOf(found)) await refuseOwnBackupsAmongBlobs(site);
  }
  return { found, candidates };
}

function sitesOf(found: FoundSites): readonly Site[] {
  switch (found.kind) {
    case 'buildout':
      return found.parts.map(({ site }) => site);
    case 'configured':
      return found.sites.map(({ site }) => site);
    case 'plain':
      return [found.site.site];
    default:
      return found satisfies never;
  }
}

interface Looking {
  readonly terminal: Terminal;
  readonly purpose: Purpose;
  readonly candidates: Candidate[];
  readonly unusable: UnusableSite[] | undefined;
  readonly backups: OpenBackups | undefined;
}

async function lookFor(selection: SiteSelection, looking: Looking): Promise<FoundSites> {
  const { candidates, purpose } = looking;
  const { config, part } = selection;
  const isAskedFor = config !== undefined || part !== undefined;
  const take = (what: string, why: string) => candidates.push({ what, state: 'taken', why });
  if (namesData(selection)) {
    if (isAskedFor) throw await twoWays(selection);
    take('the command line', 'it names places');
    return plainSite(selection, looking);
  }
  if (namedBackups(selection, purpose) === undefined) return lookHere(selection, looking);
  take('the command line', 'it names the folders of the backups');
  return lookHere(selection, looking).catch((error: unknown) => {
    // Whoever looks at backups needs no live data; whatever else is done, it must be the right one.
    if (isAskedFor || purpose !== 'look' || !(error instanceof Failure)) throw error;
    return plainSite(selection, looking);
  });
}

/** What describes the site, and where its data is, whatever folders are named for backups. */
async function lookHere(selection: SiteSelection, looking: Looking): Promise<FoundSites> {
  const { candidates, purpose, unusable } = looking;
  const { config, part } = selection;
  const named = namedBackups(selection, purpose);
  const pass = (what: string, why: string) => candidates.push({ what, state: 'passed over', why });
  const take = (what: string, why: string) => candidates.push({ what, state: 'taken', why });
  if (config !== undefined) {
    const path = resolve(config);
    take(path, '--config names it');
    const kind = await kindOfConfig(path);
    if (kind === 'toml') return sitesOfToml(path, { part, named, unusable });
    if (kind !== 'buildout') {
      refusePart(part, path);
      return siteOfLive(path, await readLiveFile(path, { kind, environment: process.env }), named);
    }
    if (named !== undefined) throw await twoWays(selection);
    return { kind: 'buildout', ...(await findBackupParts({ config, part }, looking)) };
  }
  const toml = resolve(TOML_NAME);
  if (await isThere(toml)) {
    take(toml, 'it exists');
    return sitesOfToml(toml, { part, named, unusable });
  }
  pass(toml, 'it does not exist');
  const cfg = resolve(DEFAULT_CFG);
  if (part !== undefined && !(await isThere(cfg))) throw noParts(part);
  const parts = await findBackupParts({ config, part }, looking).catch(async (error: unknown) => {
    if (!(error instanceof Failure) || part !== undefined) throw error;
    pass(cfg, error.message);
    throw await besideUsable(error, named);
  });
  if (parts.parts.length > 0 && named !== undefined) {
    if (part !== undefined) throw await twoWays(selection);
    pass(cfg, 'its parts say where their backups are');
    const plain = await plainSite(selection, looking);
    if (purpose !== 'look') await refuseOtherThan(parts.parts, plain.site);
    return plain;
  }
  if (parts.parts.length > 0) {
    take(cfg, 'it has a backup part');
    return { kind: 'buildout', ...parts };
  }
  pass(cfg, (await isThere(cfg)) ? 'it has no backup part' : 'it does not exist');
  const environment = environmentOptions(process.env);
  const file = liveFileOf(environment, process.cwd());
  if (file !== undefined) {
    take('the environment', `it names ${file.path}`);
    return siteOfLive(
      file.path,
      await readLiveFile(file.path, { ...file, environment: process.env }),
      named,
    );
  }
  if (environment.option('datafs') !== undefined) {
    take('the environment', 'it names the Data.fs');
    return plainSite(selection, looking);
  }
  const live = await findLive(process.cwd(), { environment: process.env, candidates });
  switch (live.kind) {
    case 'file':
      return siteOfLive(live.path, live.live, named);
    case 'container':
      if (looking.purpose === 'backup') await refuseEmptyVolume(live.dataFs);
      return plainSite(selection, looking, live.dataFs);
    case 'nothing': {
      const usual = resolve('var/filestorage/Data.fs');
      const dataFs = await findDataFs(process.cwd());
      if (dataFs !== usual) pass(usual, 'it does not exist');
      if (dataFs === undefined) pass(resolve('Data.fs'), 'it does not exist');
      else take(dataFs, 'nothing before it was there');
      return plainSite(selection, looking).catch(async (error: unknown) => {
        throw (await isThere(cfg)) ? besideBuildout(error) : error;
      });
    }
    default:
      return live satisfies never;
  }
}

/** A buildout that can't be used counts all the same; whoever wants what lies beside it says so. */
async function besideUsable(failure: Failure, named: NamedBackups | undefined): Promise<Failure> {
  const { code, message, hint } = failure;
  if (named !== undefined) {
    const choice = 'Or name --datafs and --blob-storage, too: then it is not looked at.';
    return new Failure(code, message, {
      hint: { kind: 'several', hints: [hint, choice] },
      cause: failure,
    });
  }
  const live = await findLive(process.cwd(), { environment: process.env, candidates: [] }).catch(
    () => undefined,
  );
  if (live?.kind !== 'file') return failure;
  const choice = `Or say which file counts: --config ${live.path}.`;
  return new Failure(code, message, {
    hint: { kind: 'several', hints: [hint, choice] },
    cause: failure,
  });
}

/** Who stands in a buildout without anything else expects that it says where the data is. */
function besideBuildout(error: unknown): unknown {
  if (!isFailure(error, 'not-found')) return error;
  const why = `The ${DEFAULT_CFG} here has no backup part, no part with "recipe = collective.recipe.backup".`;
  return new Failure(error.code, error.message, {
    hint: { kind: 'several', hints: [error.hint, why] },
    cause: error,
  });
}

type PlainFound = Extract<FoundSites, { kind: 'plain' }>;

/** The places that were named, and else those that every Zope has, or those around a Data.fs that was found. */
async function plainSite(
  selection: SiteSelection,
  { purpose, backups = new OpenBackups() }: Looking,
  found?: string,
): Promise<PlainFound> {
  const written = {
    dataFs: selection.datafs,
    location: selection.location,
    blobStorage: selection.blobStorage,
    blobBackupLocation: selection.blobbackuplocation,
    blobs: selection.blobs ? 'as-found' : 'left-out',
  } as const;
  const environment = {
    options: environmentOptions(process.env),
    pathEnvironment: PATH_ENVIRONMENT,
  };
  const hasLostBlobs = (location: string) => hasLostBlobBackups(location, backups);
  const search = { written, environment, found, purpose, hasLostBlobs };
  const lost =
    found === undefined ? await findLostData(process.cwd(), { ...search, backups }) : undefined;
  return { kind: 'plain', site: await findPlainSite(process.cwd(), { ...search, ...lost }) };
}
