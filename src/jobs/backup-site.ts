import type { Compressor } from '../repository/compression.ts';
import type { BackupPlan } from '../repository/plan.ts';
import type { BackupKind, Site } from '../sites/site.ts';
import type { BackupResult, PlannedRemoval } from './backup.ts';
import type { BlobBackupResult } from './blob-run.ts';
import type { JobContext } from './events.ts';
import { withPings } from './pinging.ts';
import { finishRestore } from './restore-site.ts';
import { type RunOutcome, type WatchedRun, withRunLog } from './run-log.ts';
import { type Report, runSiteCommand } from './site-commands.ts';
import { SiteRun } from './site-run.ts';

/** Which backup of a site is made. */
export interface SiteBackupSettings {
  readonly site: Site;
  readonly of: Exclude<BackupKind, 'alternative'>;
  readonly full: 'as-set' | 'always';
  readonly compressor: Compressor;
  /** 1 (fast) to 9 (small); undefined: the compressor's own. */
  readonly level: number | undefined;
  readonly now: () => Date;
  readonly random: () => number;
}

/** What a backup of a site did for one storage. */
export interface StorageBackup {
  readonly storage: string;
  /** Undefined where only blobs are backed up. */
  readonly filestorage: BackupResult | undefined;
  /** Undefined where the storage has none, or they are not backed up. */
  readonly blobs: BlobBackupResult | undefined;
  /** Old files that went: those of the repository, then those of the blob folder. */
  readonly removed: readonly string[];
}

/** What a backup of a site would do for one storage. */
export interface StoragePlan {
  readonly storage: string;
  readonly filestorage: BackupPlan | undefined;
  readonly blobs: { readonly source: string; readonly folder: string } | undefined;
  /** What is old and would go then. */
  readonly removals: readonly PlannedRemoval[];
}

/**
 * Backs up a site in the order of the recipe: pre_command, folders, additional storages, the main
 * storage, blobs, cleanup, post_command. The first step that fails is the last. What it takes (tar,
 * rsync, the blob directories) is looked for before anything is written, and nothing old is removed
 * before all that is new is complete.
 */
export async function backUpSite(
  settings: SiteBackupSettings,
  context: JobContext,
  report: Report<readonly StorageBackup[]> = () => {},
): Promise<readonly StorageBackup[]> {
  const { site, of, now } = settings;
  return await withPings(site, context, () =>
    withRunLog({ verb: 'backup', site, of, now }, context, (watched) =>
      backUpStepByStep(settings, watched, report),
    ),
  );
}

/** The log is written before post_command, which may unmount the disk that it is on. */
async function backUpStepByStep(
  settings: SiteBackupSettings,
  { context, done }: WatchedRun,
  report: Report<readonly StorageBackup[]>,
): Promise<readonly StorageBackup[]> {
  const { site } = settings;
  await runSiteCommand(site, { when: 'pre_command', action: 'backup', context });
  await finishRestore(site, context);
  const run = new SiteRun(settings, context);
  await run.check();
  await run.makeFolders();
  const results = await backUpAll(run, site);
  await done(outcomeOf(results));
  await report(results);
  await runSiteCommand(site, { when: 'post_command', action: 'backup', context });
  return results;
}

function outcomeOf(results: readonly StorageBackup[]): RunOutcome {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
  return {
    storedBytes: sum(
      results.map(({ filestorage }) => filestorage?.written?.record.stored.sizeBytes ?? 0),
    ),
    blobBytes: sum(
      results.map(({ blobs }) => (blobs?.kind === 'made' ? (blobs.content?.bytes ?? 0) : 0)),
    ),
    made: results.flatMap(({ storage, filestorage }) =>
      filestorage?.written === undefined
        ? []
        : [{ storage, stamp: filestorage.written.file.stamp }],
    ),
  };
}

/**
 * All folders are locked from before the first step to after the last. pre_command comes before that,
 * as it may mount the disk that they are on; post_command after, as it may use the backups itself.
 */
async function backUpAll(run: SiteRun, site: Site): Promise<readonly StorageBackup[]> {
  await using _locks = await run.lock();
  const { filestorages, blobs } = await run.make();
  await run.prove();
  const removed = await run.prune();
  return site.storages.map(({ name }) => ({
    storage: name,
    filestorage: filestorages.get(name),
    blobs: blobs.get(name),
    removed: removed.get(name) ?? [],
  }));
}

/** What {@link backUpSite} would do now; touches nothing, and runs no command. */
export async function planSiteBackup(
  settings: SiteBackupSettings,
  context: JobContext,
): Promise<readonly StoragePlan[]> {
  const run = new SiteRun(settings, context);
  await run.check();
  return run.plan();
}
