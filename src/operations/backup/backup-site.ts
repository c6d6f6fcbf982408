import type { Site } from '../../config/model/site.ts';
import { Failure } from '../../system/failure.ts';
import type { BlobBackupResult } from '../backup-blobs/blob-backup.ts';
import { finishRestore } from '../restore/held-site.ts';
import type { JobContext } from '../run/events.ts';
import { withPings } from '../run/health-ping.ts';
import { type Report, runSiteCommand } from '../run/hooks.ts';
import { type RunOutcome, type WatchedRun, withRunLog } from '../run/run-log.ts';
import type { BackupResult } from './backup-filestorage.ts';
import type { KeptBackups } from './kept-backups.ts';
import { SiteRun } from './site-backup.ts';
import type { SiteBackupSettings, StoragePlan } from './site-backup-settings.ts';

/** What a backup of a site did for one storage. */
export interface StorageBackup {
  readonly storage: string;
  /** Undefined where only blobs are backed up. */
  readonly filestorage: BackupResult | undefined;
  /** Undefined where the storage has none, or they are not backed up. */
  readonly blobs: BlobBackupResult | undefined;
  /** Old files that went: those of the repository, then those of the blob folder. */
  readonly removed: readonly string[];
  /** What there is now; undefined where the storage has no folder for its backups. */
  readonly kept: KeptBackups | undefined;
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
  report: BackupReport = () => [],
): Promise<readonly StorageBackup[]> {
  const { site, kind, now } = settings;
  return await withPings(site, context, async (pinged) => {
    const backUp = (watched: WatchedRun) =>
      backUpStepByStep(settings, watched, async (results) => {
        pinged.summarize(await report(results));
      });
    try {
      return await withRunLog({ verb: 'backup', site, kind, now }, pinged.context, backUp);
    } catch (error) {
      await tellOfFailure(error, { settings, context: pinged.context });
      throw error;
    }
  });
}

/**
 * Is told what a backup came to, as soon as that is complete: the post_command that follows may fail.
 * Returns the same in lines for people, which the ping carries.
 */
export type BackupReport = (
  results: readonly StorageBackup[],
) => Promise<readonly string[]> | readonly string[];

/** The log is written before post_command, which may unmount the disk that it is on. */
async function backUpStepByStep(
  settings: SiteBackupSettings,
  { context, made, done }: WatchedRun,
  report: Report<readonly StorageBackup[]>,
): Promise<readonly StorageBackup[]> {
  const { site } = settings;
  await runSiteCommand(site, { when: 'pre_command', action: 'backup', context });
  await finishRestore(site, context);
  const run = new SiteRun(settings, context);
  await run.check();
  await run.folders.make();
  const results = await backUpAll(run, site);
  const outcome = outcomeOf(results);
  if (site.copies !== undefined) await made(outcome); // The copies get to know of this run, too.
  await copyElsewhere(settings, context);
  await done(outcome);
  await report(results);
  await runSiteCommand(site, { when: 'post_command', action: 'backup', context });
  return results;
}

/** No folder is locked meanwhile: a first copy may take days, and backups go on. */
async function copyElsewhere(
  { site, now }: SiteBackupSettings,
  context: JobContext,
): Promise<void> {
  if (site.copies === undefined) return;
  // Here, as few sites have copies, and it takes a while to load.
  const { pushAllCopies } = await import('../copies/push-copies.ts');
  await pushAllCopies({ site, now }, context);
}

/** The copies got nothing, or got it before the run failed: whoever watches them has to know. */
async function tellOfFailure(
  error: unknown,
  {
    settings: { site, now },
    context,
  }: { readonly settings: SiteBackupSettings; readonly context: JobContext },
): Promise<void> {
  if (site.copies === undefined || !(error instanceof Failure) || error.code === 'interrupted')
    return;
  const { tellCopies } = await import('../copies/tell-copies.ts');
  await tellCopies({ site, now }, context);
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
  await using _locks = await run.folders.lock();
  const { filestorages, blobs } = await run.make();
  await run.prove();
  await run.tag();
  const removed = await run.retention.prune();
  const results: StorageBackup[] = [];
  for (const storage of site.storages) {
    const { name } = storage;
    results.push({
      storage: name,
      filestorage: filestorages.get(name),
      blobs: blobs.get(name),
      removed: removed.get(name) ?? [],
      kept: await run.kept(storage),
    });
  }
  return results;
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
