import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Failure } from '../system/failure.ts';
import { isThere } from '../system/presence.ts';
import { settleConfigured, UNASKED_CONVENTIONS } from './configured-site.ts';
import type { Found, LiveData } from './live-data.ts';
import { NO_OPTIONS, type OptionSource, without } from './option-source.ts';
import { formatOrigin } from './origin.ts';
import { isWithin, realPlaceOf } from './real-place.ts';
import { expandPath, type PathSurroundings } from './recipe/paths.ts';
import { Problems } from './recipe/problems.ts';
import { defaultFolderNames } from './recipe/script-names.ts';
import type { SettledSite } from './recipe/settle-site.ts';
import { WrittenOptions } from './recipe/written-options.ts';

/** What was said on the command line; undefined: nothing. */
export interface WrittenSite {
  readonly dataFs: string | undefined;
  /** The repository. */
  readonly location: string | undefined;
  /** The live blob directory. */
  readonly blobStorage: string | undefined;
  /** The folder for backups of it. */
  readonly blobBackupLocation: string | undefined;
  readonly blobs: 'as-found' | 'left-out';
}

/** What the site is needed for: its data, or only its backups. */
export type Purpose = 'backup' | 'restore' | 'look';

/** A site, and what its owner should look into. */
export interface PlainSite extends SettledSite {
  /** Blobs that are there, and have no part in what is done: one sentence each. */
  readonly leftOut: readonly string[];
}

/** How a site is looked for that no configuration describes. */
export interface PlainSearch {
  readonly written: WrittenSite;
  /** Absent where the environment has no say. */
  readonly environment?: {
    readonly options: OptionSource;
    readonly surroundings: PathSurroundings;
  };
  /** A Data.fs that was found; undefined: it is looked for in the usual places. */
  readonly found?: string | undefined;
  readonly purpose: Purpose;
}

const NO_ENVIRONMENT = {
  options: NO_OPTIONS,
  surroundings: { environment: {}, homeOf: () => undefined },
};

const PART = 'backup';
const FILESTORAGE = 'filestorage';
const DATA_FS = join('var', FILESTORAGE, 'Data.fs');
/** In the folder itself. */
const BARE = 'Data.fs';
const FOLDERS = defaultFolderNames(PART);

/** The options for which the command line has words. */
const PLACE_OPTIONS = ['datafs', 'location', 'blob_storage', 'blobbackuplocation'] as const;

/** Options that say where a site is: where the command line names one place, none of them counts. */
export const OVERRULED_BY_WORDS: readonly string[] = [
  ...PLACE_OPTIONS,
  'zope_conf',
  'instance_yaml',
];

/**
 * A site that no configuration describes: what was said, and else the places that every Zope has:
 * `var/filestorage/Data.fs`, `var/blobstorage` where it is there, or its backups if it's them that
 * are needed, and the backups where the recipe puts them; or the same beside a Data.fs in the folder
 * itself. All other options are what the environment says; unasked, blobs are copied by ourselves, and
 * every backup is kept.
 *
 * Failures: `not-found` where there is no Data.fs, and none is named; `usage` where nothing tells where the
 * backups are, or they would be in the blob directory, or where an option can't be used.
 */
export async function findPlainSite(folder: string, search: PlainSearch): Promise<PlainSite> {
  const { written, environment: { options, surroundings } = NO_ENVIRONMENT, purpose } = search;
  const said = saidPlaces(folder, search);
  const found =
    said.datafs === undefined && search.found === undefined ? await findDataFs(folder) : undefined;
  if (said.datafs === undefined && search.found === undefined && found === undefined) {
    if (purpose !== 'look') throw nothingThere(folder);
  }
  const path = search.found ?? resolve(folder, found ?? DATA_FS);
  const dataFs = said.datafs ?? { path, from: 'default' };
  const places = placesOf(dataFs, { folder, said });
  if (purpose === 'backup') await refuseAmongBlobs(places);
  const wish = blobWish(search);
  const blobs = await blobsOf(places, { said, wish, search });
  const live: LiveData = {
    directory: folder,
    variable: { path: places.variable, from: 'default' },
    dataFs,
    blobs: blobs.kind === 'backed-up' ? places.blobs : undefined,
    blobCaches: [],
    hasServerPart: false,
    mounted: [],
    elsewhere: [],
    backupFolders: { location: places.location, blobbackuplocation: places.blobBackups },
  };
  const isOverruled =
    written.blobs === 'left-out' ||
    namesBlobs(written) ||
    (wish !== 'no' && blobs.kind !== 'backed-up');
  const settled = settleConfigured({
    part: PART,
    subject: 'what the command line and the environment say',
    options: without(options, [...PLACE_OPTIONS, ...(isOverruled ? ['backup_blobs'] : [])]),
    live,
    conventions: UNASKED_CONVENTIONS,
    surroundings,
  });
  const leftOut = blobs.kind === 'without-folder' ? [leftOutOf(places, purpose)] : [];
  return { ...settled, leftOut };
}

/** The places that somebody has named, and who. */
type SaidPlaces = Readonly<Partial<Record<(typeof PLACE_OPTIONS)[number] | 'prefix', Found>>>;

function saidPlaces(
  folder: string,
  { written, environment: { options, surroundings } = NO_ENVIRONMENT }: PlainSearch,
): SaidPlaces {
  const words = {
    datafs: written.dataFs,
    location: written.location,
    blob_storage: written.blobStorage,
    blobbackuplocation: written.blobBackupLocation,
  };
  const inEnvironment = (name: string, base: string) => {
    const value = options.option(name);
    if (value === undefined) return {};
    const path = expandPath(value.text.trim(), { base, surroundings });
    return { [name]: { path, from: formatOrigin(value.origin) } };
  };
  const { locationprefix: prefix } = inEnvironment('locationprefix', folder);
  const base = prefix?.path ?? folder;
  const beginning = prefix === undefined ? {} : { prefix };
  if (Object.values(words).every((word) => word === undefined)) {
    return {
      ...beginning,
      ...inEnvironment('datafs', folder),
      ...inEnvironment('blob_storage', folder),
      ...inEnvironment('location', base),
      ...inEnvironment('blobbackuplocation', base),
    };
  }
  // A shell has replaced in it what was to be replaced.
  const named = Object.entries(words).flatMap(([name, word]) =>
    word === undefined ? [] : [[name, { path: resolve(folder, word), from: COMMAND_LINE }]],
  );
  return { ...beginning, ...Object.fromEntries(named) };
}

const COMMAND_LINE = formatOrigin({ kind: 'command-line' });

/** Whoever leaves out the blobs leaves them where they are, and backups don't belong there. */
async function refuseAmongBlobs({ location, blobs }: Places): Promise<void> {
  if (blobs === undefined || !(await isThere(blobs.path))) return;
  if (!isWithin(await realPlaceOf(location.path), await realPlaceOf(blobs.path))) return;
  throw new Failure(
    'usage',
    `Cannot back up to "${location.path}": it is inside the blob directory "${blobs.path}"`,
    { hint: 'Choose a folder elsewhere, best on another disk.' },
  );
}

function leftOutOf({ blobs }: Places, purpose: Purpose): string {
  return purpose === 'backup'
    ? `the blobs in "${blobs?.path}" are not backed up: name a folder for their backups with --blobbackuplocation (or ZODBVAULT_BLOBBACKUPLOCATION), or say --no-blobs`
    : `the blobs in "${blobs?.path}" stay as they are, as no backups of them are there: name their folder with --blobbackuplocation, or say --no-blobs`;
}

/**
 * The Data.fs that a folder has, or had, as what is around it tells: a restore makes it again. In `var`, or
 * else in the folder itself.
 */
export async function findDataFs(folder: string): Promise<string | undefined> {
  for (const sign of [DATA_FS, dirname(DATA_FS), join('var', FOLDERS.location)]) {
    if (await isThere(join(folder, sign))) return join(folder, DATA_FS);
  }
  const bare = join(folder, BARE);
  const isOne = (await isThere(bare)) || (await hasBackups(join(folder, FOLDERS.location)));
  return isOne ? bare : undefined;
}

/** Anything may be called like our folder; nothing else has such files. */
async function hasBackups(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  return names.some((name) => /^\d{4}(-\d\d){5}\.(delta)?fsz?$/.test(name));
}

function nothingThere(folder: string): Failure {
  return new Failure(
    'not-found',
    `Cannot find a Data.fs: there is neither "${DATA_FS}" nor "${BARE}" in "${folder}"`,
    { hint: 'Go to the folder of the site, or name the file with --datafs.' },
  );
}

/** Where everything is, or would be; undefined: nothing tells. */
interface Places {
  readonly location: Found;
  readonly blobs: Found | undefined;
  readonly blobBackups: Found | undefined;
  /** The folder for what is not said. */
  readonly variable: string;
}

function placesOf(
  dataFs: Found,
  { folder, said }: { readonly folder: string; readonly said: SaidPlaces },
): Places {
  // In `VAR/filestorage/Data.fs`, everything else has its place in VAR.
  const above = dirname(dataFs.path);
  const isBare = dataFs.path === join(folder, BARE);
  const variable = basename(above) === FILESTORAGE ? dirname(above) : isBare ? folder : undefined;
  const place = (one: Found | undefined, name: string, beginning = variable) => {
    if (one !== undefined) return one;
    return beginning === undefined ? undefined : { path: join(beginning, name), from: 'default' };
  };
  const location = place(said.location, FOLDERS.location, said.prefix?.path ?? variable);
  if (location === undefined) {
    throw new Failure('usage', `Cannot tell where the backups of "${dataFs.path}" are`, {
      hint: 'Name their folder with --location.',
    });
  }
  const isBeside =
    said.location === undefined ||
    said.blobbackuplocation !== undefined ||
    said.prefix !== undefined;
  return {
    location,
    blobs: place(said.blob_storage, 'blobstorage'),
    blobBackups: isBeside
      ? place(said.blobbackuplocation, FOLDERS.blobbackuplocation, said.prefix?.path ?? variable)
      : undefined,
    variable: variable ?? dirname(location.path),
  };
}

/** Whether blobs are to be backed up. */
type BlobWish = 'yes' | 'no' | 'as-found';

/** What the options say; what can't be read is a problem when they are settled. */
function blobWish({ written, environment, purpose }: PlainSearch): BlobWish {
  const { options } = environment ?? NO_ENVIRONMENT;
  const unread = new WrittenOptions(options, new Problems(''));
  const flag = (name: 'only_blobs' | 'backup_blobs') =>
    options.option(name) !== undefined && unread.flag(name, { byDefault: false, is23: false });
  const isOnly = flag('only_blobs');
  if (written.blobs === 'left-out') {
    if (!isOnly) return 'no';
    throw new Failure('usage', 'Cannot leave out the blobs: only_blobs is set', {
      hint: 'Leave out --no-blobs, or unset ZODBVAULT_ONLY_BLOBS.',
    });
  }
  if (isOnly) return 'yes';
  if (namesBlobs(written)) return 'as-found';
  if (flag('backup_blobs')) return purpose === 'look' ? 'as-found' : 'yes';
  return options.option('backup_blobs') === undefined ? 'as-found' : 'no';
}

function namesBlobs({ blobStorage, blobBackupLocation }: WrittenSite): boolean {
  return blobStorage !== undefined || blobBackupLocation !== undefined;
}

type Blobs = { readonly kind: 'none' | 'backed-up' | 'without-folder' };

async function blobsOf(
  { blobs, blobBackups }: Places,
  {
    said,
    wish,
    search: { environment: { options } = NO_ENVIRONMENT, purpose },
  }: { readonly said: SaidPlaces; readonly wish: BlobWish; readonly search: PlainSearch },
): Promise<Blobs> {
  if (wish === 'no') return { kind: 'none' };
  const isSaid = said.blob_storage !== undefined || said.blobbackuplocation !== undefined;
  if (isSaid || wish === 'yes') {
    if (blobs === undefined) {
      throw new Failure('usage', 'Cannot tell where the blob directory is', {
        hint: 'Name it with --blob-storage.',
      });
    }
    if (blobBackups !== undefined) return { kind: 'backed-up' };
    if (wish === 'yes') {
      throw new Failure(
        'usage',
        `Cannot tell where the backups of the blobs in "${blobs.path}" are`,
        { hint: 'Name their folder with --blobbackuplocation (or ZODBVAULT_BLOBBACKUPLOCATION).' },
      );
    }
    // Whoever looks at backups has nothing to lose.
    return { kind: purpose === 'look' ? 'none' : 'without-folder' };
  }
  const exists = async (place: Found | undefined) =>
    place !== undefined && (await isThere(place.path));
  const hasBackups = await exists(blobBackups);
  const isLive = await exists(blobs);
  // Blobs may come from there where there are no backups of our own.
  const hasSource = options.option('alternative_restore_source') !== undefined;
  const isPossible = purpose === 'backup' || hasSource ? blobBackups !== undefined : hasBackups;
  if (purpose === 'look') {
    return { kind: hasBackups || (hasSource && isLive && isPossible) ? 'backed-up' : 'none' };
  }
  if (isLive && !isPossible) return { kind: 'without-folder' };
  return { kind: isLive || hasBackups ? 'backed-up' : 'none' };
}
