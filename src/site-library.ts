import { resolve } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { OpenBackups } from './blobs/open-backups.ts';
import type { OptionSource } from './config/model/option-source.ts';
import { retarget } from './config/model/relocate-site.ts';
import type { Site } from './config/model/site.ts';
import { NO_ENVIRONMENT, NOTHING_NAMED, type Purpose } from './config/plain/plain-search.ts';
import { findPlainSite } from './config/plain/plain-site.ts';
import { Problems } from './config/resolve/problems.ts';
import { decodeTable } from './config/toml/zodbvault-toml.ts';
import { backUpSite, type StorageBackup } from './operations/backup/backup-site.ts';
import { type ListedPlace, listSite } from './operations/list/list-site.ts';
import { hasLostBlobBackups } from './operations/list/lost-blob-backups.ts';
import type { RestoreResult } from './operations/restore/restore-plan.ts';
import { restoreSite } from './operations/restore/restore-site.ts';
import { refuseElsewhere } from './operations/restore/restore-targets.ts';
import type { JobContext, OnEvent } from './operations/run/events.ts';
import { type VerifiedPlace, verifySite } from './operations/verify/verify-site.ts';
import { type DeepVerifiedPlace, verifySiteDeep } from './operations/verify/verify-site-deep.ts';
import { LATEST_BACKUP, parseRestoreTarget } from './repository/restore-target.ts';
import { Failure } from './system/failure.ts';

/** Where a site and its backups are. Relative paths begin in `folder`. */
export interface SitePlaces {
  /** The folder of the site; default: the current one. */
  readonly folder?: string;
  /** Default: `var/filestorage/Data.fs`, or else `Data.fs`. */
  readonly dataFs?: string;
  /** The folder for backups of the Data.fs; default: `backups` beside its folder. */
  readonly location?: string;
  /** The live blob directory; default: `blobstorage` beside the folder of the Data.fs, if it is there. */
  readonly blobStorage?: string;
  /** The folder for backups of the blobs; default: `blobstoragebackups` beside `blobStorage`. */
  readonly blobBackupLocation?: string;
  /** `left-out`: the Data.fs alone; default: `as-found`. */
  readonly blobs?: 'as-found' | 'left-out';
}

/** How a site is worked on. */
export interface SiteOptions extends SitePlaces {
  /** How many full backups are kept, with what belongs to them; default: as the settings say, or all. */
  readonly keep?: number;
  /**
   * All other options of a site, as a `zodbvault.toml` has them: `{ keep_daily: 7, copies: ['/mnt/nas'] }`. They are read
   * as there, and `docs/reference/configuration.md` lists them. Default: none.
   */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Told what happens meanwhile: steps, files, bytes, warnings. Must return at once. Default: nobody is. */
  readonly onEvent?: OnEvent;
  /** Aborted to stop what is going on: failure `interrupted`, or the reason of the signal. Default: never. */
  readonly signal?: AbortSignal;
  /** The clock that backups are named by; default: that of the machine. */
  readonly now?: () => Date;
  /** Numbers from 0 up to 1, by which samples are chosen; default: `Math.random`. */
  readonly random?: () => number;
}

/** A site that can be backed up and restored, with its blobs. Each call looks anew at what there is. */
export interface OpenSite {
  /**
   * Backs up what was committed since the last backup, and the blobs. The site may run meanwhile. One result for each
   * storage. Failures: `not-found` (no Data.fs), `locked` (another run), `damaged`, `system`, `program`, `refused`.
   */
  readonly backUp: (options?: { readonly full?: boolean }) => Promise<readonly StorageBackup[]>;
  /** What can be restored, oldest first in each folder. Failure `not-found` where there are no backups. */
  readonly list: () => Promise<readonly ListedPlace[]>;
  /** Compares every byte of the backups with its checksums. What is wrong is a finding. Failure `not-found`. */
  readonly verify: () => Promise<readonly VerifiedPlace[]>;
  /** Reads the newest restore point, and checks every object and every blob in it. Failure `not-found`. */
  readonly verifyDeep: () => Promise<readonly DeepVerifiedPlace[]>;
  /**
   * Puts back the Data.fs and its blobs, and keeps what it replaces. One result for each Data.fs. Failures: `not-found`,
   * `locked` (a server holds the Data.fs), `damaged`, `system`, `refused` (it is not clear which backup is meant).
   */
  readonly restore: (options?: RestoreOptions) => Promise<readonly RestoreResult[]>;
}

/** What is restored, and where to. */
export interface RestoreOptions {
  /** `yyyy-mm-dd[-hh[-mm[-ss]]]`, UTC: the newest backup that is not later; default: the newest. */
  readonly date?: string;
  /** A folder for all of the site: `filestorage/Data.fs` and `blobstorage`; default: where the site is. */
  readonly to?: string;
}

/**
 * Opens a site by its places, whatever configuration files say. Failure `usage` where options can't be used. A backup
 * and a restore have that failure, too, where nothing says where the backups of the blobs go.
 */
export async function openSite(options: SiteOptions = {}): Promise<OpenSite> {
  const { onEvent = () => {}, signal = new AbortController().signal } = options;
  const { now = () => new Date(), random = Math.random } = options;
  const find = (purpose: Purpose) => findSite(options, purpose);
  const context = (): JobContext => ({ onEvent, signal, backups: new OpenBackups() });
  await find('look');
  return {
    backUp: async ({ full = false } = {}) => {
      const site = await find('backup');
      const how = {
        full: full ? 'always' : 'as-set',
        compressor: 'auto',
        level: undefined,
      } as const;
      return backUpSite({ site, kind: 'backup', ...how, now, random }, context());
    },
    list: async () => listSite(await find('look'), { kind: 'backup', backups: context().backups }),
    verify: async () => {
      const all = { kind: 'backup', depth: 'thorough', chains: 'all' } as const;
      return verifySite({ site: await find('look'), ...all, now }, context());
    },
    verifyDeep: async () => {
      const points = { kind: 'one', target: LATEST_BACKUP } as const;
      const settings = { kind: 'backup', points, sample: { kind: 'all' }, now } as const;
      const found: DeepVerifiedPlace[] = [];
      const site = await find('look');
      for await (const one of verifySiteDeep({ site, ...settings }, context())) found.push(one);
      return found;
    },
    restore: async ({ date, to } = {}) => {
      const live = await find('restore');
      const site = to === undefined ? live : retarget(live, resolve(options.folder ?? '.', to));
      if (to !== undefined) await refuseElsewhere(site, { live, beside: [] });
      const guess = date === undefined ? 'refuse' : 'accept';
      const safe = { heldLock: 'refuse', earlierState: 'replace', old: 'keep' } as const;
      const strict = { damagedBlobs: 'refuse', guess, agreed: undefined } as const;
      const wanted = parseRestoreTarget(date);
      return restoreSite({ site, kind: 'backup', wanted, ...safe, ...strict, now }, context());
    },
  };
}

async function findSite(options: SiteOptions, purpose: Purpose): Promise<Site> {
  const { folder = '.', dataFs, location, blobStorage, blobBackupLocation, keep } = options;
  const { blobs = 'as-found', settings = {} } = options;
  if (keep !== undefined) requireCount(keep);
  const environment = { ...NO_ENVIRONMENT, options: optionsIn(settings) };
  const written = { ...NOTHING_NAMED, dataFs, location, blobStorage, blobBackupLocation, blobs };
  const hasLostBlobs = (path: string) => hasLostBlobBackups(path, new OpenBackups());
  const search = { written, environment, purpose, hasLostBlobs };
  const { site, excludedBlobs } = await findPlainSite(resolve(folder), search);
  const [first] = excludedBlobs;
  if (first !== undefined) {
    throw new Failure(
      'usage',
      `Cannot go on: nothing says where the backups of "${first.path}" go`,
      {
        hint: 'Give blobBackupLocation, or blobs: "left-out" for the Data.fs alone.',
      },
    );
  }
  return keep === undefined ? site : { ...site, keep };
}

function requireCount(keep: number): void {
  if (!Number.isSafeInteger(keep) || keep < 0) {
    throw new Failure('usage', `Cannot keep ${keep} full backups: it is not a whole number`, {
      hint: 'Give 0 to keep all, or how many.',
    });
  }
}

/** Failure `usage` with all that is no option, or has a value of another kind. */
function optionsIn(settings: Readonly<Record<string, unknown>>): OptionSource {
  const problems = new Problems('the settings');
  const decoded = decodeTable(settings, {
    prefix: '',
    originOf: () => ({ kind: 'caller' }),
    problems,
    nearest: (name, known) => closest(name, [...known]),
  });
  problems.throwIfAny();
  return decoded;
}
