import { basename, dirname, join, resolve } from 'node:path';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { Site } from '../../config/model/site.ts';
import { defaultFolderNames } from '../../config/resolve/script-names.ts';
import { findLiveOf } from '../../operations/inspect/find-live-filestorage.ts';
import type { AdoptedBlobs, AdoptedRepository } from '../../operations/verify/adopt.ts';
import type { PairedBlobs } from '../../operations/verify/pair-blob-folders.ts';
import { Failure } from '../../system/failure.ts';
import { leadToOne } from '../../system/files/place.ts';
import { isThere } from '../../system/files/presence.ts';
import { quoteWord } from '../../system/processes/shell.ts';
import { findSites } from '../select/site-options.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { commandToType } from './own-command.ts';

/** Where nobody can tell where they are. */
const UNKNOWN_DATA_FS = '/PATH/TO/Data.fs';
const UNKNOWN_BLOBS = '/PATH/TO/blobstorage';
const UNKNOWN_BLOB_BACKUPS = '/PATH/TO/blobstoragebackups';
const BLOB_DIRECTORY = 'the path of its blob directory';

/** How backups that were adopted are continued. */
export interface GoingOn {
  /** As it can be typed here. */
  readonly command: string;
  /** What has to be put into it first. */
  readonly blank: string | undefined;
}

/**
 * The command that goes on with a repository: that of the site in this folder which has its backups
 * there, or else one that names all places.
 */
export async function goingOnWith(
  { path, blobs }: Pick<AdoptedRepository, 'path' | 'blobs'>,
  {
    found,
    terminal,
    backups,
  }: {
    readonly found: readonly AdoptedBlobs[];
    readonly terminal: Terminal;
    readonly backups: OpenBackups;
  },
): Promise<GoingOn> {
  const own = await wordsOfSiteHere(path, terminal);
  if (own !== undefined) return { command: await commandOf(own), blank: undefined };
  const repository = await backups.repository(path);
  const live = await findLiveOf(repository, [resolve('var/filestorage/Data.fs')]);
  const blobDirectory = await blobWords({ live, blobs, path, found });
  const argv = [
    ...['--datafs', live ?? UNKNOWN_DATA_FS, '--location', path],
    ...blobDirectory.argv,
  ];
  const blanks = [
    ...(live === undefined ? ['the path of its Data.fs'] : []),
    ...blobDirectory.blanks,
  ];
  return { command: await commandOf(argv), blank: blanks.join(' and ') || undefined };
}

/** Blobs that are there are never left out; where nobody can tell, the backup itself says so. */
async function blobWords({
  live,
  blobs,
  path,
  found,
}: {
  readonly live: string | undefined;
  readonly blobs: PairedBlobs;
  readonly path: string;
  readonly found: readonly AdoptedBlobs[];
}): Promise<{ readonly argv: readonly string[]; readonly blanks: readonly string[] }> {
  if (blobs.kind === 'unclear') {
    const argv = ['--blob-storage', UNKNOWN_BLOBS, '--blobbackuplocation', UNKNOWN_BLOB_BACKUPS];
    return { argv, blanks: [BLOB_DIRECTORY, 'the folder of its blob backups'] };
  }
  const { folder, base } =
    blobs.kind === 'found'
      ? blobs.place
      : {
          folder: join(dirname(path), defaultFolderNames('backup').blobbackuplocation),
          base: basename(UNKNOWN_BLOBS),
        };
  const beside = live === undefined ? undefined : join(dirname(dirname(live)), base);
  const isKnown = beside !== undefined && (await isThere(beside));
  const isOthers = found.some((one) => one.path === folder);
  if (blobs.kind === 'none' && (!isKnown || isOthers)) return { argv: [], blanks: [] };
  const liveBlobs = isKnown ? beside : join(dirname(UNKNOWN_BLOBS), base);
  const argv = ['--blob-storage', liveBlobs, '--blobbackuplocation', folder];
  return { argv, blanks: isKnown ? [] : [BLOB_DIRECTORY] };
}

/** Undefined where no site that is found here has its backups in the folder. */
async function wordsOfSiteHere(
  path: string,
  terminal: Terminal,
): Promise<readonly string[] | undefined> {
  const silent = { ...terminal, advise: () => {}, warn: () => {}, notice: () => {} };
  let sites: readonly Site[];
  try {
    sites = await findSites({ blobs: true }, { terminal: silent, purpose: 'backup' });
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
  for (const { part, storages } of sites) {
    for (const { folders } of storages) {
      for (const kind of ['backup', 'snapshot', 'zip'] as const) {
        if (!(await leadToOne(folders[kind].filestorage, path))) continue;
        return [
          ...(sites.length > 1 ? ['--part', part] : []),
          ...(kind === 'backup' ? [] : ['--kind', kind]),
        ];
      }
    }
  }
  return undefined;
}

async function commandOf(argv: readonly string[]): Promise<string> {
  return [await commandToType(), ...['backup', ...argv].map(quoteWord)].join(' ');
}
