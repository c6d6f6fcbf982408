import { resolve } from 'node:path';
import { type Command, Option } from '@commander-js/extra-typings';
import { findPlainSite, type Purpose } from '../sites/plain-site.ts';
import type { Site } from '../sites/site.ts';
import { Failure } from '../system/failure.ts';
import { isThere } from '../system/presence.ts';
import { CONFIG_OPTION, findBackupParts, PART_OPTION, type ReadParts } from './buildout.ts';
import type { Terminal } from './terminal.ts';

/** Adds the options that say which site is meant. */
export function withSiteOptions(command: Command) {
  return command
    .addOption(CONFIG_OPTION)
    .addOption(PART_OPTION)
    .option('--datafs <file>', 'the Data.fs (default: var/filestorage/Data.fs)')
    .option(
      '--location <folder>',
      'its backups (default: backups beside the filestorage folder, as in var/backups)',
    )
    .option(
      '--blob-storage <folder>',
      'the blob directory (default: var/blobstorage if it is there)',
    )
    .option('--blobbackuplocation <folder>', 'its backups (default: var/blobstoragebackups)')
    .option('--no-blobs', 'the Data.fs alone');
}

/** What those options said. */
export interface SiteWish {
  readonly config?: string | undefined;
  readonly part?: string | undefined;
  readonly datafs?: string | undefined;
  readonly location?: string | undefined;
  readonly blobStorage?: string | undefined;
  readonly blobbackuplocation?: string | undefined;
  readonly blobs: boolean;
}

/** Which backups of a site are meant. */
export const KIND_OPTION = new Option('--kind <kind>', 'which backups: the script that makes them')
  .choices(['backup', 'snapshot', 'zip'] as const)
  .default('backup' as const);

/** The same, for commands that look at all of them by default. */
export const ANY_KIND_OPTION = new Option('--kind <kind>', 'which backups')
  .choices(['backup', 'snapshot', 'zip', 'alternative', 'all'] as const)
  .default('all' as const, 'all that are there');

/** The same, for commands that take them from an alternative source, too. */
export const SOURCE_KIND_OPTION = new Option('--kind <kind>', 'which backups to take')
  .choices(['backup', 'snapshot', 'zip', 'alternative'] as const)
  .default('backup' as const);

/**
 * The sites that are meant: what was said; else the backup parts of the buildout in this folder; else
 * what this folder holds. Failure `usage` where it can't be told.
 */
export async function findSites(
  wish: SiteWish,
  { terminal, purpose }: { readonly terminal: Terminal; readonly purpose: Purpose },
): Promise<readonly Site[]> {
  const { parts } = await findWishedParts(wish, terminal);
  if (parts.length > 0) {
    return parts.map(({ site }) => (wish.blobs ? site : withoutBlobs(site)));
  }
  if (purpose === 'look' && wish.location !== undefined) await requireLocation(wish.location);
  return [await findWishedPlace(wish, { terminal, purpose })];
}

/** Whoever names a folder wants what is in it, not the snapshots beside it. */
async function requireLocation(location: string): Promise<void> {
  const path = resolve(location);
  if (await isThere(path)) return;
  throw new Failure('not-found', `Cannot find backups: there is no folder "${path}"`, {
    hint: 'Correct --location.',
  });
}

/** The backup parts that are meant; none where it is a plain site. Failure `usage`. */
export async function findWishedParts(wish: SiteWish, terminal: Terminal): Promise<ReadParts> {
  const { config, part } = wish;
  if (!namesPlaces(wish)) return findBackupParts({ config, part }, terminal);
  if (config === undefined && part === undefined) return { parts: [], extent: 'all' };
  throw new Failure('usage', 'Cannot use a buildout and places of one’s own at once', {
    hint: 'Leave out --config and --part, or the places: the part says where everything is.',
  });
}

/** Whether the command line says where things are. */
export function namesPlaces(wish: SiteWish): boolean {
  const places = [wish.datafs, wish.location, wish.blobStorage, wish.blobbackuplocation];
  return places.some((place) => place !== undefined);
}

/** The plain site that is meant. Failure `usage` where it can't be told. */
export async function findWishedPlace(
  wish: SiteWish,
  { terminal, purpose }: { readonly terminal: Terminal; readonly purpose: Purpose },
): Promise<Site> {
  const { site, warnings } = await findPlainSite(process.cwd(), {
    written: {
      dataFs: wish.datafs,
      location: wish.location,
      blobStorage: wish.blobStorage,
      blobBackupLocation: wish.blobbackuplocation,
      blobs: wish.blobs ? 'as-found' : 'left-out',
    },
    purpose,
  });
  for (const warning of warnings) terminal.warn(warning);
  return site;
}

function withoutBlobs(site: Site): Site {
  if (site.contents !== 'blobs') return { ...site, contents: 'filestorages' };
  throw new Failure('usage', `Cannot leave out the blobs: the part [${site.part}] has only_blobs`, {
    hint: 'Name another part with --part, or leave out --no-blobs.',
  });
}
