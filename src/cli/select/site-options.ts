import { resolve } from 'node:path';
import { type Command, Option } from '@commander-js/extra-typings';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import { environmentOfPlaces } from '../../config/environment/environment.ts';
import { type CopySettings, settingsOfPlace } from '../../config/model/copy-settings.ts';
import type { Site } from '../../config/model/site.ts';
import type { Purpose } from '../../config/plain/plain-search.ts';
import type { PartScripts } from '../../config/recipe/part-scripts.ts';
import type { WantedOfCopy } from '../../operations/from-copy/open-copied-site.ts';
import { siteMeantAt } from '../../operations/from-copy/open-copy.ts';
import { Failure, isFailure } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';
import { askPassphraseOf, identitiesIn } from '../options/identity-files.ts';
import { silenced, type Terminal } from '../terminal/terminal.ts';
import {
  type CopyOpening,
  type CopySelection,
  copiesCalled,
  copyCalled,
  mayBePlace,
  noSuchCopy,
  refusePlaces,
  severalPlaces,
  siteOfCopyAlone,
  sitesWithCopy,
  timeOfVersions,
} from './copied-sites.ts';
import { overruledByWords } from './named-locations.ts';
import { CONFIG_OPTION, PART_OPTION } from './select-buildout-part.ts';
import { findAnySites } from './select-site.ts';
import type { SiteSelection } from './site-selection.ts';
import type { MeantSites, UnusableSite } from './unusable-sites.ts';

/** Adds the options that say which site is meant. */
export function withSiteOptions(command: Command) {
  return withPlaceOptions(command).addOption(CONFIG_OPTION).addOption(PART_OPTION);
}

/** Adds those that say where things are. */
export function withPlaceOptions(command: Command) {
  return command
    .option('--datafs <file>', 'the Data.fs (default: var/filestorage/Data.fs, or else Data.fs)')
    .option(
      '--location <folder>',
      'its backups (default: backups beside the filestorage folder, as in var/backups, or beside Data.fs)',
    )
    .option('--blob-storage <folder>', 'the blob directory (default: var/blobstorage if it exists)')
    .option('--blobbackuplocation <folder>', 'its backups (default: var/blobstoragebackups)')
    .option('--no-blobs', 'the Data.fs alone');
}

/** Which backups of a site are meant. */
export const KIND_OPTION = new Option(
  '--kind <kind>',
  'which backups, named by the script that makes them',
)
  .choices(['backup', 'snapshot', 'zip'] as const)
  .default('backup' as const);

/** The same, for commands that look at all of them by default. */
export const ANY_KIND_OPTION = new Option('--kind <kind>', 'which backups')
  .choices(['backup', 'snapshot', 'zip', 'alternative', 'all'] as const)
  .default('all' as const, 'all that exist');

/** The same, for commands that take them from an alternative source, too. */
export const SOURCE_KIND_OPTION = new Option('--kind <kind>', 'which backups to take')
  .choices(['backup', 'snapshot', 'zip', 'alternative'] as const)
  .default('backup' as const);

/** Sites, and what else is known of them. */
interface FoundAndMore {
  readonly sites: readonly Site[];
  /** Of the environment, which tell which sites those are. */
  readonly variables: Readonly<Record<string, string>>;
  /** Of the parts of a buildout. */
  readonly scripts: readonly PartScripts[];
  /** True where nothing tells of the site but a copy: nobody knows where its data belongs. */
  readonly isCopyAlone?: boolean;
}

/** What sites are looked for with. */
interface Finding {
  readonly terminal: Terminal;
  readonly purpose: Purpose;
  /** What the command has opened; absent: none. */
  readonly backups?: OpenBackups;
  /** What of a copy the command looks at; absent: all of it. */
  readonly wanted?: WantedOfCopy | undefined;
  /** See `CopyReading`. */
  readonly folder?: string | undefined;
}

/** All of a copy. */
export const ALL_OF_COPY = {
  kind: 'all',
  target: 'all',
  chain: 'whole',
} as const satisfies WantedOfCopy;

/** The sites that are meant ({@link findAnySites}). Failure `usage` where it can't be told. */
export async function findSites(
  selection: SiteSelection,
  finding: Finding,
): Promise<readonly Site[]> {
  return (await findSitesAndVariables(selection, finding)).sites;
}

/** The same, with those of several that can't be used: failures are thrown where no site can. */
export async function findEachSite(
  selection: SiteSelection,
  finding: Finding,
): Promise<MeantSites & Pick<FoundAndMore, 'scripts'>> {
  const unusable: UnusableSite[] = [];
  const { sites, scripts } = await findSitesAndVariables(selection, { ...finding, unusable });
  return { sites, unusable, scripts };
}

/** The same, with all that is known of them. */
export async function findSitesAndVariables(
  selection: SiteSelection,
  { unusable, wanted = ALL_OF_COPY, ...finding }: Finding & { readonly unusable?: UnusableSite[] },
): Promise<FoundAndMore> {
  const { from } = selection;
  const beforeMs = timeOfVersions(selection, finding.terminal);
  if (from !== undefined) {
    const { backups } = finding;
    if (backups === undefined) throw new RangeError('who reads a copy keeps what is open');
    return findInCopy({ ...selection, from }, { ...finding, backups, wanted, beforeMs });
  }
  if (finding.purpose === 'look' && selection.location !== undefined)
    await requireLocation(selection.location);
  const { found } = await findAnySites(selection, { ...finding, unusable });
  const asMeant = (site: Site) => (selection.blobs ? site : withoutBlobs(site));
  switch (found.kind) {
    case 'buildout':
      return {
        sites: found.parts.map(({ site }) => asMeant(site)),
        variables: {},
        scripts: found.scripts,
      };
    case 'configured': {
      const variables = environmentOfPlaces(process.env, {
        without: [],
        names: found.variables,
      });
      return { sites: found.sites.map(({ site }) => asMeant(site)), variables, scripts: [] };
    }
    case 'plain': {
      const without = overruledByWords(selection);
      const variables = environmentOfPlaces(process.env, { without, names: [] });
      return { sites: [found.site.site], variables, scripts: [] };
    }
    default:
      return found satisfies never;
  }
}

/**
 * The sites that are meant, with a copy for their backups. Where no configuration has a copy that is called so, the
 * place alone tells what there is.
 */
async function findInCopy(
  selection: CopySelection,
  {
    wanted,
    beforeMs,
    backups,
    folder,
    ...finding
  }: Finding & Omit<CopyOpening, 'identities' | 'askPassphrase'>,
): Promise<FoundAndMore> {
  const { from, versionsBefore: _, ...others } = selection;
  const identities = identitiesIn(selection.identity);
  const { terminal } = finding;
  const opening = {
    ...{ terminal, backups, wanted, beforeMs, identities, folder },
    askPassphrase: askPassphraseOf,
  };
  const configured = await configuredSites(others, { ...finding, from });
  const sites = await sitesWithCopy(configured.sites, { from, ...opening });
  if (sites.length > 0) return { ...configured, sites };
  if (mustBeConfigured(selection)) throw noSuchCopy(from, configured.sites);
  const alone = await siteOfCopyAlone(selection, opening);
  const site = selection.blobs ? alone : withoutBlobs(alone);
  return { sites: [site], variables: {}, scripts: [], isCopyAlone: true };
}

/**
 * The place of a copy that may have many sites. Failure `usage` where no copy is called so, or copies of several places
 * are.
 */
export async function findCopyPlace(
  { from, ...selection }: CopySelection,
  { terminal, backups }: Pick<Finding, 'terminal' | 'backups'>,
): Promise<PlaceOfCopies> {
  const said = { blobs: selection.blobs, config: selection.config };
  const finding = { terminal, purpose: 'look', from } as const;
  const { sites } = await configuredSites(said, { ...finding, ...(backups && { backups }) });
  const copies = copiesCalled(sites, from);
  const [first, ...others] = copies;
  if (others.some(({ url }) => url !== first?.url)) throw severalPlaces(from, copies);
  if (first !== undefined) return first;
  if (!mayBePlace(from)) throw noSuchCopy(from, sites);
  return { url: from, access: undefined };
}

/** Where copies of sites are, and how that is reached. */
export type PlaceOfCopies = Pick<CopySettings, 'url'> & {
  /** Absent, or undefined: as usual. */
  readonly access?: CopySettings['access'] | undefined;
};

/** A copy that is meant, and where it is. */
export interface MeantCopy extends PlaceOfCopies {
  /** Name of the site in it; undefined: the place has to tell. */
  readonly site: string | undefined;
}

/** The copies of sites that are called so, to be read without anything else of the sites. Failure `usage`: none is. */
export async function findMeantCopies(
  selection: CopySelection,
  finding: Omit<Finding, 'wanted'>,
): Promise<readonly MeantCopy[]> {
  const { from, identity: _, versionsBefore: __, ...others } = selection;
  const { sites } = await configuredSites(others, { ...finding, from });
  const copies = copiesCalled(sites, from);
  if (copies.length > 0) return copies;
  if (mustBeConfigured(selection)) throw noSuchCopy(from, sites);
  refusePlaces(selection);
  return [{ url: from, access: undefined, site: selection.part }];
}

/** A copy from which something goes, and its site; undefined: no configuration tells of it. */
export interface PrunedCopy {
  readonly site: Site | undefined;
  readonly copy: CopySettings;
}

/**
 * The copies that are called so. Of a place that no configuration names, that of the site that is meant. Failures:
 * those of `siteMeantAt`; `usage` where no copy is called so.
 */
export async function findCopies(
  { from, ...selection }: CopySelection,
  finding: Pick<Finding, 'terminal' | 'backups'>,
): Promise<readonly PrunedCopy[]> {
  const looking = { ...finding, purpose: 'look', from } as const;
  const { sites } = await configuredSites(selection, looking);
  const meant = sites.flatMap((site) => {
    const copy = copyCalled(site, from);
    return copy === undefined ? [] : { site, copy };
  });
  if (meant.length > 0) return meant;
  if (mustBeConfigured({ ...selection, from })) throw noSuchCopy(from, sites);
  refusePlaces(selection);
  const name = await siteMeantAt(from, selection.part);
  return [{ site: undefined, copy: settingsOfPlace(from, name) }];
}

/** Whether nothing but a configuration can tell which copy is meant. */
function mustBeConfigured({ from, config }: Pick<CopySelection, 'from' | 'config'>): boolean {
  return !mayBePlace(from) || config !== undefined;
}

/** What a place in the file system or on a server is called in no configuration needs none. */
async function configuredSites(
  selection: SiteSelection,
  finding: Finding & { readonly from: string },
): Promise<FoundAndMore> {
  const isNeeded = mustBeConfigured({ ...selection, from: finding.from });
  if (isNeeded) return await findByEitherName(selection, finding);
  try {
    const terminal = silenced(finding.terminal);
    return await findByEitherName(selection, { ...finding, terminal });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { sites: [], variables: {}, scripts: [] };
  }
}

/** A site may have another name in its copy, which is the one that lists of the copy show. */
async function findByEitherName(
  selection: SiteSelection,
  { from, ...finding }: Finding & { readonly from: string },
): Promise<FoundAndMore> {
  const { part, ...others } = selection;
  try {
    return await findSitesAndVariables(selection, finding);
  } catch (error) {
    if (part === undefined || !isFailure(error, 'usage')) throw error;
    const { sites, ...more } = await findSitesAndVariables(others, finding);
    const named = sites.filter((site) => copyCalled(site, from)?.site === part);
    if (named.length === 0) throw error;
    return { ...more, sites: named };
  }
}

/** Whoever names a folder wants what is in it, not the snapshots beside it. */
async function requireLocation(location: string): Promise<void> {
  const path = resolve(location);
  if (await isThere(path)) return;
  throw new Failure('not-found', `Cannot find backups: there is no folder "${path}"`, {
    hint: 'Correct --location.',
  });
}

function withoutBlobs(site: Site): Site {
  if (site.contents !== 'blobs') return { ...site, contents: 'filestorages' };
  throw new Failure('usage', `Cannot leave out the blobs: the part [${site.part}] has only_blobs`, {
    hint: 'Name another part with --part, or leave out --no-blobs.',
  });
}
