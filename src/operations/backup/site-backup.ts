import { join } from 'node:path';
import { findTar } from '../../blobs/archive/tar.ts';
import { findRsync } from '../../blobs/copy/rsync.ts';
import {
  refuseBackupsAmongBlobs,
  refuseDataAmongBlobs,
} from '../../config/model/blob-directory-check.ts';
import type { BlobFormat, SiteStorage } from '../../config/model/site.ts';
import { pointStampsOf } from '../../repository/layout/catalogue.ts';
import { nextStamp } from '../../repository/layout/stamp.ts';
import {
  forgetBlobChecks,
  readChecks,
  stampsOfSuspectBlobs,
} from '../../repository/records/check-results.ts';
import { markComplete, runEndOf } from '../../repository/records/completion.ts';
import { noteGoingBlobs } from '../../repository/records/going-blobs.ts';
import type { Source } from '../../sources/source.ts';
import type { Store } from '../../stores/store.ts';
import { Failure } from '../../system/failure.ts';
import { VERSION } from '../../system/processes/version.ts';
import { backUpBlobs } from '../backup-blobs/backup-blobs.ts';
import type { BlobBackupResult, BlobBackupSettings } from '../backup-blobs/blob-backup.ts';
import { checkBlobSource, refuseNested } from '../backup-blobs/blob-source.ts';
import { expectedBlobs, NOBODY_KNOWS } from '../backup-blobs/expected-blobs.ts';
import { formatOfKind } from '../backup-blobs/format-of-kind.ts';
import { giveTag, refuseWithoutPoints } from '../retention/tag-points.ts';
import { refuseBlobCache } from '../run/blob-cache.ts';
import type { JobContext } from '../run/events.ts';
import { type BackupResult, backUpLocked } from './backup-filestorage.ts';
import type { BackupSettings } from './backup-settings.ts';
import { tracesOf } from './continuity/restore-history.ts';
import { type KeptBackups, keptBlobsIn, keptIn } from './kept-backups.ts';
import { checkDataFs, openDataFs } from './open-data-fs.ts';
import { type PlannedBackup, planFilestorage } from './plan-filestorage.ts';
import type { SiteBackupSettings, StoragePlan } from './site-backup-settings.ts';
import { type BlobStorage, SiteFolders } from './site-folders.ts';
import { SiteRetention } from './site-retention.ts';

/** Days after which a chain of incremental archives begins anew where no option says it. */
const CHAIN_DAYS = 14;

/** Times that a pack may come between a Data.fs and its blobs. */
const PACK_ATTEMPTS = 3;

/** What came of the blobs: a pack ends all of it. */
type BlobsOfRun =
  | { readonly kind: 'done'; readonly results: ReadonlyMap<string, BlobBackupResult> }
  | { readonly kind: 'packed'; readonly path: string };

/** One backup of one site: its steps, which share what is resolved at the start. */
export class SiteRun {
  readonly folders: SiteFolders;
  readonly retention: SiteRetention;
  readonly #settings: SiteBackupSettings;
  readonly #context: JobContext;
  readonly #isFull: boolean;
  readonly #format: BlobFormat;

  constructor(settings: SiteBackupSettings, context: JobContext) {
    const { site, kind, full } = settings;
    this.#settings = settings;
    this.#context = context;
    this.#isFull = kind !== 'backup' || full === 'always' || site.full === 'always';
    this.#format = formatOfKind(kind, site.blobFormat);
    this.folders = new SiteFolders(settings, context);
    this.retention = new SiteRetention(
      { settings, folders: this.folders, format: this.#format, isFull: this.#isFull },
      context,
    );
  }

  /** Looks for all that it takes, before anything is written. */
  async check(): Promise<void> {
    if (this.#settings.tag !== undefined) refuseWithoutPoints(this.#settings.site);
    await refuseDataAmongBlobs(this.#settings.site);
    await refuseBlobCache(this.#settings.site);
    const { site } = this.#settings;
    for (const storage of this.folders.filestorages()) {
      await checkDataFs(storage.dataFs, { site, repository: await this.folders.opened(storage) });
    }
    for (const { storage, source, folder } of this.folders.blobStorages()) {
      const repository = this.folders.retentionRepositoryOf(storage);
      await checkBlobSource(source, { folder, repository, backups: this.#context.backups });
      await refuseBackupsAmongBlobs(source, this.folders.all());
      await refuseNested(source, folder);
    }
    if (this.folders.blobStorages().length === 0) return;
    if (this.#format.kind !== 'directories') await findTar();
    else if (this.#settings.site.blobCopier.kind === 'rsync') await findRsync();
  }

  /** What the folders of a storage hold. */
  async kept(storage: SiteStorage): Promise<KeptBackups | undefined> {
    if (this.folders.filestorages().includes(storage))
      return keptIn(await this.folders.opened(storage));
    const blobs = this.folders.blobStorages().find((one) => one.storage === storage);
    return blobs && keptBlobsIn(blobs, this.#context.backups);
  }

  async plan(): Promise<readonly StoragePlan[]> {
    const planned = new Map<string, PlannedBackup>();
    for (const storage of this.folders.filestorages()) {
      const settings = {
        storage: storage.name,
        backup: this.#backupSettings(storage, 'make'),
        pruning: await this.retention.pruning(storage),
        wasSetBack: await this.retention.whatSetBack(storage),
      };
      planned.set(storage.name, await planFilestorage(settings, this.#context));
    }
    const removals = await this.retention.planRemovals(planned);
    const plans: StoragePlan[] = [];
    for (const storage of this.#settings.site.storages) {
      const blobs = this.folders.blobStorages().find((one) => one.storage === storage);
      const plan = planned.get(storage.name)?.plan;
      const old = removals.get(storage.name);
      plans.push({
        storage: storage.name,
        filestorage: plan,
        blobs: blobs === undefined ? undefined : { source: blobs.source, folder: blobs.folder },
        removals: [
          ...(old?.removals ?? []),
          ...(blobs === undefined
            ? []
            : await this.retention.planBlobRemovals(blobs, { plan, ...old })),
        ],
      });
    }
    return plans;
  }

  /**
   * Every Data.fs, then the blobs: a server writes the blobs of a transaction before it finishes the
   * transaction, so all that a Data.fs speaks of is there. Only a pack takes blobs away, when it has
   * given the Data.fs its new file; then all of it is done again. Failure `refused` where that
   * doesn't help.
   */
  async make(): Promise<{
    readonly filestorages: ReadonlyMap<string, BackupResult>;
    readonly blobs: ReadonlyMap<string, BlobBackupResult>;
  }> {
    for (let attempt = 1; ; attempt += 1) {
      const { results: filestorages, sources } = await this.#backUpFilestorages();
      const blobs = await this.#backUpBlobs(sources);
      if (blobs.kind === 'done') return { filestorages, blobs: blobs.results };
      const { path } = blobs;
      if (attempt === PACK_ATTEMPTS) throw packedAgain(path);
      this.#context.onEvent({
        kind: 'notice',
        code: 'packed-during-backup',
        source: path,
      });
    }
  }

  /** The sources are closed by then; they tell whether they were replaced since. */
  async #backUpFilestorages(): Promise<{
    readonly results: ReadonlyMap<string, BackupResult>;
    readonly sources: ReadonlyMap<string, Source>;
  }> {
    const results = new Map<string, BackupResult>();
    const sources = new Map<string, Source>();
    const context = this.#context;
    for (const storage of this.folders.filestorages()) {
      await using source = await openDataFs(storage.dataFs);
      const settings = this.#backupSettings(storage, 'fail');
      results.set(storage.name, await backUpLocked(source, { settings, context }));
      sources.set(storage.name, source);
    }
    return { results, sources };
  }

  #backupSettings(
    storage: SiteStorage,
    missingRepository: BackupSettings['missingRepository'],
  ): BackupSettings {
    const { site, now, random, kind, compressor, level } = this.#settings;
    const isGzip = kind === 'zip' || site.gzip;
    const blobs = this.folders.blobStorages().find((one) => one.storage === storage);
    return {
      dataFs: storage.dataFs,
      repository: this.folders.repositoryOf(storage),
      blobPlace: blobs,
      isChanges: storage.isChanges === true,
      full: this.#isFull ? 'always' : 'when-needed',
      fullEvery: site.fullEvery,
      comparison: site.comparison,
      compression: isGzip ? { kind: 'gzip', compressor, level } : { kind: 'none' },
      keep: 0, // What is old goes when the blobs are complete, too.
      pruneAfter: 'every-backup',
      missingRepository,
      confirmation: this.#confirmation,
      traces: tracesOf(site),
      now,
      random,
    };
  }

  /** Each Data.fs backup is marked as complete as soon as its own blobs are, if no pack has come between. */
  async #backUpBlobs(sources: ReadonlyMap<string, Source>): Promise<BlobsOfRun> {
    const { site, kind, now } = this.#settings;
    const results = new Map<string, BlobBackupResult>();
    if (site.contents === 'filestorages') return { kind: 'done', results };
    for (const storage of site.storages) {
      if (storage.blobs === undefined) {
        this.#context.onEvent({ kind: 'storage-without-blobs', storage: storage.name });
      }
    }
    for (const blobs of this.folders.blobStorages()) {
      const { storage, source, folder } = blobs;
      this.#context.onEvent({ kind: 'blobs-begin', source, folder, backupKind: kind });
      const result = await backUpBlobs(
        {
          source,
          folder,
          format: this.#format,
          copier: site.blobCopier,
          confirmation: this.#confirmation,
          now,
          ...(await this.#belonging(blobs)),
        },
        this.#context,
      );
      if (await sources.get(storage.name)?.wasReplaced()) {
        await this.#notePacked(blobs, result);
        return { kind: 'packed', path: storage.dataFs };
      }
      if (result.kind === 'made' && this.folders.retentionRepositoryOf(storage) !== undefined) {
        await forgetBlobChecks((await this.folders.opened(storage)).store, result.stamp);
      }
      await this.#markComplete(blobs, result);
      results.set(storage.name, result);
      this.retention.noteHold(folder, result.hold);
    }
    return { kind: 'done', results };
  }

  /** Also what an earlier run has left incomplete, where nothing was committed since. */
  async #markComplete(blobs: BlobStorage, made: BlobBackupResult): Promise<void> {
    const store = await this.#storeOfIncomplete(blobs, made);
    if (store === undefined) return;
    const at = this.#settings.now();
    const mark = { tool: `zodbvault ${VERSION}`, at, blobs: join(blobs.folder, made.name) };
    await markComplete(store, { stamp: made.stamp, mark });
  }

  /** Its blobs are there as they were copied, and don't belong to it: nothing but this note tells so later. */
  async #notePacked(blobs: BlobStorage, made: BlobBackupResult): Promise<void> {
    const store = await this.#storeOfIncomplete(blobs, made);
    if (store !== undefined) await noteGoingBlobs(store, [made.stamp]);
  }

  /** Where the newest restore point is the one that blobs were made for, and has no mark. */
  async #storeOfIncomplete(
    { storage }: BlobStorage,
    { stamp }: BlobBackupResult,
  ): Promise<Store | undefined> {
    if (this.folders.retentionRepositoryOf(storage) === undefined) return undefined;
    const repository = await this.folders.opened(storage);
    const files = (await repository.catalogue()).chains.at(-1);
    const newest = files === undefined ? undefined : (await repository.chainOf(files)).links.at(-1);
    const isIncomplete = newest?.file.stamp === stamp && runEndOf(newest) === 'incomplete';
    return isIncomplete ? repository.store : undefined;
  }

  /** Failure `damaged`, before anything old goes. */
  async prove(): Promise<void> {
    const { site, kind, now } = this.#settings;
    if (site.verifyAfterBackup !== 'deep') return;
    // Here, as few ask for it, and it takes a while to load.
    const { proveBackup } = await import('./verify-new-backup.ts');
    await proveBackup(site, { kind, now, context: this.#context });
  }

  /** Also of what an earlier run has made, where nothing was committed since. */
  async tag(): Promise<void> {
    const { tag: name, now } = this.#settings;
    if (name === undefined) return;
    for (const storage of this.folders.filestorages()) {
      const repository = await this.folders.opened(storage);
      const stamp = pointStampsOf(await repository.catalogue()).at(-1);
      if (stamp !== undefined) await giveTag(repository, { stamp, name, at: now() });
    }
  }

  /** The moment of blobs is that of the newest Data.fs backup, or else the clock's. */
  async #belonging(
    blobs: BlobStorage,
  ): Promise<
    Pick<
      BlobBackupSettings,
      'stamp' | 'chainStart' | 'repository' | 'dataSha256' | 'suspectStamps' | 'expected'
    >
  > {
    const { site, now } = this.#settings;
    const decided = await this.retention.blobs.decided(blobs);
    if (decided !== undefined) {
      const { catalogue, identity } = decided;
      const newest = catalogue.chains.at(-1);
      const stamp = newest?.increments.at(-1)?.stamp ?? newest?.full.stamp;
      if (newest !== undefined && stamp !== undefined) {
        const chainStart = { kind: 'full', stamp: newest.full.stamp } as const;
        const { store, chainOf } = await this.folders.opened(blobs.storage);
        const link = (await chainOf(newest)).links.find(({ file }) => file.stamp === stamp);
        const suspectStamps = stampsOfSuspectBlobs(await readChecks(store));
        const { dataFs } = blobs.storage;
        return {
          stamp: () => stamp,
          chainStart,
          repository: await this.retention.blobs.owning(blobs.storage, identity),
          dataSha256: link?.record?.stored.sha256,
          suspectStamps,
          expected: expectedBlobs({ store, catalogue, dataFs, context: this.#context }),
        };
      }
    }
    return {
      stamp: (taken) => nextStamp(now(), taken),
      chainStart: {
        kind: 'clock',
        full: this.#isFull ? 'always' : 'when-needed',
        days: site.keepBlobDays === 0 ? CHAIN_DAYS : site.keepBlobDays,
      },
      repository: null,
      dataSha256: undefined,
      suspectStamps: new Set(),
      expected: NOBODY_KNOWS,
    };
  }

  get #confirmation(): 'reread' | 'none' {
    return this.#settings.site.verifyAfterBackup === 'off' ? 'none' : 'reread';
  }
}

function packedAgain(path: string): Failure {
  return new Failure(
    'refused',
    `Cannot back up the blobs of "${path}": it was packed or replaced in each of ${PACK_ATTEMPTS} attempts`,
    {
      hint: 'Nothing old was removed. Run the backup again when whatever writes the file has ended.',
    },
  );
}
