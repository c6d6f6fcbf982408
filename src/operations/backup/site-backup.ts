import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { findTar } from '../../blobs/archive/tar.ts';
import { findRsync } from '../../blobs/copy/rsync.ts';
import { findBorrowedBlobs } from '../../blobs/ownership/borrowed-blobs.ts';
import type { OwningRepository } from '../../blobs/ownership/ownership.ts';
import { findHoldOf, type Hold, recordHold } from '../../blobs/ownership/retention-hold.ts';
import {
  blobsThatCount,
  type Deciding,
  findDeciding,
} from '../../blobs/ownership/retention-repository.ts';
import { type BlobRule, withFilestorage } from '../../blobs/retention/blob-retention.ts';
import {
  refuseBackupsAmongBlobs,
  refuseDataAmongBlobs,
} from '../../config/model/blob-directory-check.ts';
import type { BlobFormat, SiteStorage } from '../../config/model/site.ts';
import { stampsOf } from '../../repository/layout/catalogue.ts';
import { stampOfFileName } from '../../repository/layout/file-names.ts';
import { nextStamp, type Stamp } from '../../repository/layout/stamp.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { doubtedSince, readChecks } from '../../repository/records/check-results.ts';
import { markComplete, runEndOf } from '../../repository/records/completion.ts';
import { forgetGoingBlobs, readGoingBlobs } from '../../repository/records/going-blobs.ts';
import {
  findIdentity,
  type Identity,
  type settleIdentity,
} from '../../repository/records/repository-id.ts';
import { makeBackupFolder } from '../../stores/backup-rights.ts';
import { isThere } from '../../system/files/presence.ts';
import { VERSION } from '../../system/processes/version.ts';
import { backUpBlobs } from '../backup-blobs/backup-blobs.ts';
import type { BlobBackupResult, BlobBackupSettings } from '../backup-blobs/blob-backup.ts';
import { checkBlobSource, refuseNested } from '../backup-blobs/blob-source.ts';
import { lastingBlobs, NOBODY_KNOWS } from '../backup-blobs/expected-blobs.ts';
import { formatOfKind } from '../backup-blobs/format-of-kind.ts';
import { type DecidingRepository, planBlobPrune, pruneBlobs } from '../retention/prune-blobs.ts';
import { type Pruning, pruneFulls } from '../retention/prune-filestorage.ts';
import { removeSuperseded } from '../retention/superseded.ts';
import { refuseBlobCache } from '../run/blob-cache.ts';
import { type JobContext, lockRequest } from '../run/events.ts';
import { lockFolders } from '../run/lock-folders.ts';
import { warnOfHold } from '../run/warn-of-hold.ts';
import {
  type BackupResult,
  backUpLocked,
  checkDataFs,
  type PlannedBackup,
  type PlannedRemoval,
  planWithRemovals,
} from './backup-filestorage.ts';
import type { BackupSettings } from './backup-settings.ts';
import { PACK_ATTEMPTS, packedAgain, watchPacks } from './pack-watch.ts';
import type { RestoreTraces } from './restore-history.ts';
import type { SiteBackupSettings, StoragePlan } from './site-backup-settings.ts';

/** Days after which a chain of incremental archives begins anew where no option says it. */
const CHAIN_DAYS = 14;

/** A storage with blobs, and the folder for their backups. */
interface BlobStorage {
  readonly storage: SiteStorage;
  readonly source: string;
  readonly folder: string;
}

/** What came of the blobs: a pack ends all of it. */
type BlobsOfRun =
  | { readonly kind: 'done'; readonly results: ReadonlyMap<string, BlobBackupResult> }
  | { readonly kind: 'packed'; readonly path: string };

/** One backup of one site: its steps, which share what is settled at the start. */
export class SiteRun {
  readonly #settings: SiteBackupSettings;
  readonly #context: JobContext;
  readonly #isFull: boolean;
  readonly #format: BlobFormat;
  readonly #keep: number;
  /** What holds all that is old, by the folder of the blob backups, or of the repository where there are none. */
  readonly #holds = new Map<string, Hold | undefined>();

  constructor(settings: SiteBackupSettings, context: JobContext) {
    const { site, of, full } = settings;
    this.#settings = settings;
    this.#context = context;
    this.#isFull = of !== 'backup' || full === 'always' || site.full === 'always';
    this.#format = formatOfKind(of, site.blobFormat);
    // A zip is for taking away: only the newest matters.
    this.#keep = of === 'zip' ? 1 : site.keep;
  }

  async check(): Promise<void> {
    await refuseDataAmongBlobs(this.#settings.site);
    await refuseBlobCache(this.#settings.site);
    const { site } = this.#settings;
    for (const storage of this.#filestorages()) {
      await checkDataFs(storage.dataFs, { site, repository: await this.#opened(storage) });
    }
    for (const { storage, source, folder } of this.#blobStorages()) {
      const repository = this.#deciding(storage);
      await checkBlobSource(source, { folder, repository, backups: this.#context.backups });
      await refuseBackupsAmongBlobs(source, this.#folders());
      await refuseNested(source, folder);
    }
    if (this.#blobStorages().length === 0) return;
    if (this.#format.kind !== 'directories') await findTar();
    else if (this.#settings.site.blobCopier.kind === 'rsync') await findRsync();
  }

  async makeFolders(): Promise<void> {
    for (const { folder, original } of this.#places()) {
      const { wasMade } = await makeBackupFolder(folder, original);
      if (wasMade) this.#context.onEvent({ kind: 'folder-made', path: folder });
    }
  }

  #folders(): readonly string[] {
    return this.#places().map(({ folder }) => folder);
  }

  /** Folders with backups, and what is backed up there. */
  #places(): readonly { readonly folder: string; readonly original: string }[] {
    const repositories = this.#filestorages().map((storage) => ({
      folder: this.#repository(storage),
      original: storage.dataFs,
    }));
    const blobs = this.#blobStorages().map(({ folder, source }) => ({ folder, original: source }));
    return [...repositories, ...blobs];
  }

  /** Failure `locked`. */
  async lock(): Promise<AsyncDisposable> {
    const { of } = this.#settings;
    return await lockFolders(
      {
        repositories: this.#filestorages().map((storage) => this.#repository(storage)),
        blobFolders: this.#blobStorages().map(({ folder }) => folder),
      },
      {
        backups: this.#context.backups,
        request: lockRequest(this.#context, of === 'backup' ? of : `${of}backup`),
      },
    );
  }

  async plan(): Promise<readonly StoragePlan[]> {
    const plans: StoragePlan[] = [];
    for (const storage of this.#settings.site.storages) {
      const hasFilestorage = this.#filestorages().includes(storage);
      const blobs = this.#blobStorages().find((one) => one.storage === storage);
      const settings = {
        ...this.#backupSettings(storage, 'make'),
        ...(await this.#pruning(storage)),
      };
      const planned = hasFilestorage ? await planWithRemovals(settings, this.#context) : undefined;
      plans.push({
        storage: storage.name,
        filestorage: planned?.plan,
        blobs: blobs === undefined ? undefined : { source: blobs.source, folder: blobs.folder },
        removals: [
          ...(planned?.removals ?? []),
          ...(blobs === undefined ? [] : await this.#planBlobRemovals(blobs, planned)),
        ],
      });
    }
    return plans;
  }

  async #planBlobRemovals(
    blobs: BlobStorage,
    planned: PlannedBackup | undefined,
  ): Promise<readonly PlannedRemoval[]> {
    const { storage, source, folder } = blobs;
    if (!(await isThere(folder)) || (await this.#holdOf(storage)) !== undefined) return [];
    const decided = await this.#decided(
      blobs,
      async (store, traces) => (await findIdentity(store, traces)).identity,
    );
    const taken = decided === undefined ? [] : stampsOf(decided.catalogue);
    const stamp = nextStamp(this.#settings.now(), taken);
    const rule =
      decided === undefined ? this.#rule() : withFilestorage(planned?.oldestFull ?? stamp);
    const isNumbered =
      this.#format.kind !== 'incremental-archives' && this.#format.naming === 'numbers';
    const isNew = planned?.plan.kind !== 'nothing' || isNumbered;
    const family = this.#format.kind === 'directories' ? 'directories' : 'archives';
    const gone = stampsIn((planned?.removals ?? []).flatMap(({ fileNames }) => fileNames));
    const pruning = {
      folder,
      source,
      rule,
      backups: this.#context.backups,
      deciding: await this.#whoDecides(blobs, { decided, gone }),
    };
    const { removed } = await planBlobPrune(pruning, isNew ? { stamp, family } : undefined);
    return removed.map(({ set, reason }) => ({
      reason,
      fileNames: set.entries.map(({ name }) => name),
    }));
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
      const isPacked = await watchPacks(this.#dataFsWithBlobs());
      const filestorages = await this.#backUpFilestorages();
      const blobs = await this.#backUpBlobs(isPacked);
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

  async #backUpFilestorages(): Promise<ReadonlyMap<string, BackupResult>> {
    const done = new Map<string, BackupResult>();
    for (const storage of this.#filestorages()) {
      const result = await backUpLocked(this.#backupSettings(storage, 'fail'), this.#context);
      done.set(storage.name, result);
    }
    return done;
  }

  #backupSettings(
    storage: SiteStorage,
    missingRepository: BackupSettings['missingRepository'],
  ): BackupSettings {
    const { site, now, random, of, compressor, level } = this.#settings;
    const isGzip = of === 'zip' || site.gzip;
    const blobs = this.#blobStorages().find((one) => one.storage === storage);
    return {
      dataFs: storage.dataFs,
      repository: this.#repository(storage),
      ...(blobs === undefined ? {} : { blobPlace: blobs }),
      isChanges: storage.isChanges === true,
      full: this.#isFull ? 'always' : 'when-needed',
      comparison: site.comparison,
      compression: isGzip ? { kind: 'gzip', compressor, level } : { kind: 'none' },
      keep: 0, // What is old goes when the blobs are complete, too.
      pruneAfter: 'every-backup',
      missingRepository,
      confirmation: this.#confirmation,
      traces: this.#traces(),
      now,
      random,
    };
  }

  /** A restore logs where the backups were that it restored, of whichever kind they are. */
  #traces(): RestoreTraces {
    const { storages } = this.#settings.site;
    return {
      logs: storages.flatMap(({ folders }) =>
        Object.values(folders).flatMap((kind) => kind?.filestorage ?? []),
      ),
      anchors: storages.map(({ dataFs }) => dataFs),
    };
  }

  /** Each Data.fs backup is marked as complete as soon as its own blobs are, if no pack has come between. */
  async #backUpBlobs(isPacked: (path: string) => Promise<boolean>): Promise<BlobsOfRun> {
    const { site, of, now } = this.#settings;
    const results = new Map<string, BlobBackupResult>();
    if (site.contents === 'filestorages') return { kind: 'done', results };
    for (const storage of site.storages) {
      if (storage.blobs === undefined) {
        this.#context.onEvent({ kind: 'storage-without-blobs', storage: storage.name });
      }
    }
    for (const blobs of this.#blobStorages()) {
      const { storage, source, folder } = blobs;
      this.#context.onEvent({ kind: 'blobs-begin', source, folder, of });
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
      if (await isPacked(storage.dataFs)) return { kind: 'packed', path: storage.dataFs };
      await this.#markComplete(blobs, result);
      results.set(storage.name, result);
      this.#holds.set(folder, result.hold);
    }
    return { kind: 'done', results };
  }

  /** Also what an earlier run has left incomplete, where nothing was committed since. */
  async #markComplete(
    { storage, folder }: BlobStorage,
    { stamp, name }: BlobBackupResult,
  ): Promise<void> {
    if (this.#deciding(storage) === undefined) return;
    const repository = await this.#opened(storage);
    const files = (await repository.catalogue()).chains.at(-1);
    const newest = files === undefined ? undefined : (await repository.chainOf(files)).links.at(-1);
    if (newest?.file.stamp !== stamp || runEndOf(newest) !== 'incomplete') return;
    const at = this.#settings.now();
    const mark = { tool: `zodbvault ${VERSION}`, at, blobs: join(folder, name) };
    await markComplete(repository.store, { stamp, mark });
  }

  /** Failure `damaged`, before anything old goes. */
  async prove(): Promise<void> {
    const { site, of, now } = this.#settings;
    if (site.verifyAfterBackup !== 'deep') return;
    // Here, as few ask for it, and it takes a while to load.
    const { proveBackup } = await import('./verify-new-backup.ts');
    await proveBackup(site, { of, now, context: this.#context });
  }

  /** Returns the names of the removed files of each storage. */
  async prune(): Promise<ReadonlyMap<string, readonly string[]>> {
    const removed = new Map<string, readonly string[]>();
    for (const storage of this.#filestorages()) {
      const repository = await this.#opened(storage);
      const place = this.#placeOfBlobs(storage);
      if (place !== undefined)
        await recordHold(repository.store, { place, hold: await this.#holdOf(storage) });
      const pruning = await this.#pruning(storage);
      const context = this.#context;
      const { blobs } = pruning;
      const superseded =
        blobs === undefined ? [] : await removeSuperseded(repository, { blobs, context });
      const tooOld = await pruneFulls(repository, { ...pruning, context });
      removed.set(storage.name, [...superseded, ...tooOld]);
    }
    for (const blobs of this.#blobStorages()) {
      const { storage, source, folder } = blobs;
      if ((await this.#holdOf(storage)) !== undefined) continue;
      const decided = await this.#decided(blobs);
      const rule = decided === undefined ? this.#rule() : withFilestorage(decided.oldestFull);
      const gone = stampsIn(removed.get(storage.name) ?? []);
      const deciding = await this.#whoDecides(blobs, { decided, gone });
      const names = await pruneBlobs({ folder, source, rule, deciding }, this.#context);
      if (deciding.kind === 'decides') {
        await forgetGoingBlobs((await this.#opened(storage)).store);
      }
      removed.set(storage.name, [...(removed.get(storage.name) ?? []), ...names]);
    }
    return removed;
  }

  /**
   * A storage that has blobs, of which they are backed up here, is kept with them; and all of it, as long as
   * its live blob directory lacks what older backups have, also while no blobs are backed up.
   */
  async #pruning(storage: SiteStorage): Promise<Pruning> {
    if ((await this.#holdOf(storage)) !== undefined) return { keep: 0 };
    const blobs = this.#placeOfBlobs(storage);
    const isAlone = blobs === undefined || this.#settings.site.contents === 'filestorages';
    if (isAlone) return { keep: this.#keep };
    const repository = this.#repository(storage);
    if (!(await isThere(repository))) return { keep: this.#keep };
    const { backups, signal } = this.#context;
    const counting = await blobsThatCount(blobs, { repository, backups, signal });
    return { keep: this.#keep, blobs: counting };
  }

  /** A backup of the blobs has told of it; where none is made, it is looked for, and told, here. */
  async #holdOf(storage: SiteStorage): Promise<Hold | undefined> {
    const blobs = this.#placeOfBlobs(storage);
    const repository = this.#repository(storage);
    const folder = blobs?.folder ?? repository;
    if (!this.#holds.has(folder)) {
      const hold = await findHoldOf({ blobs, repository }, this.#context);
      this.#holds.set(folder, hold);
      if (hold !== undefined) warnOfHold(hold, this.#context);
    }
    return this.#holds.get(folder);
  }

  /** The moment of blobs is that of the newest Data.fs backup, or else the clock's. */
  async #belonging(
    blobs: BlobStorage,
  ): Promise<
    Pick<
      BlobBackupSettings,
      'stamp' | 'chainStart' | 'repository' | 'dataSha256' | 'doubts' | 'lasting'
    >
  > {
    const { site, now } = this.#settings;
    const decided = await this.#decided(blobs);
    if (decided !== undefined) {
      const { catalogue, identity } = decided;
      const newest = catalogue.chains.at(-1);
      const stamp = newest?.increments.at(-1)?.stamp ?? newest?.full.stamp;
      if (newest !== undefined && stamp !== undefined) {
        const chainStart = { kind: 'full', stamp: newest.full.stamp } as const;
        const { store, chainOf } = await this.#opened(blobs.storage);
        const link = (await chainOf(newest)).links.find(({ file }) => file.stamp === stamp);
        const doubts = doubtedSince(await readChecks(store));
        const { dataFs } = blobs.storage;
        return {
          stamp: () => stamp,
          chainStart,
          repository: await this.#owning(blobs.storage, identity),
          dataSha256: link?.record?.stored.sha256,
          doubts,
          lasting: lastingBlobs({ store, catalogue, dataFs, context: this.#context }),
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
      doubts: new Map(),
      lasting: NOBODY_KNOWS,
    };
  }

  /** What says how long blobs stay. */
  async #whoDecides(
    { storage, source, folder }: BlobStorage,
    {
      decided,
      gone,
    }: { readonly decided: Deciding | undefined; readonly gone: ReadonlySet<Stamp> },
  ): Promise<DecidingRepository> {
    if (decided === undefined) return { kind: 'alone', repository: this.#repository(storage) };
    const repository = await this.#owning(storage, decided.identity);
    const there = stampsOf(decided.catalogue);
    const before = await readGoingBlobs((await this.#opened(storage)).store);
    const all = new Set([...gone, ...before.filter((stamp) => !there.includes(stamp))]);
    const preferred = this.#format.kind === 'directories' ? 'directories' : 'archives';
    const borrowed = await findBorrowedBlobs(
      { source, folder },
      {
        repository: repository.path,
        backups: this.#context.backups,
        catalogue: decided.catalogue,
        gone: all,
        preferred,
      },
    );
    return { kind: 'decides', repository, gone: all, borrowed };
  }

  /** By its real path, whatever links lead there. */
  async #owning(storage: SiteStorage, { id }: Identity): Promise<OwningRepository> {
    return { id, path: await realpath(this.#repository(storage)) };
  }

  /** Undefined where no Data.fs is backed up that could decide. */
  async #decided(
    { storage, ...blobs }: BlobStorage,
    identify?: typeof settleIdentity,
  ): Promise<Deciding | undefined> {
    const repository = this.#deciding(storage);
    return repository === undefined
      ? undefined
      : await findDeciding(repository, { blobs, backups: this.#context.backups, identify });
  }

  #deciding(storage: SiteStorage): string | undefined {
    return this.#settings.site.contents === 'blobs' ? undefined : this.#repository(storage);
  }

  /** Where no Data.fs backup decides. */
  #rule(): BlobRule {
    const { site, now } = this.#settings;
    const family = this.#format.kind === 'directories' ? 'directories' : 'archives';
    if (this.#isFull || site.keepBlobDays === 0) return { kind: 'count', keep: this.#keep, family };
    return { kind: 'days', days: site.keepBlobDays, now: now(), family };
  }

  get #confirmation(): 'reread' | 'none' {
    return this.#settings.site.verifyAfterBackup === 'off' ? 'none' : 'reread';
  }

  #dataFsWithBlobs(): readonly string[] {
    const filestorages = this.#filestorages();
    return this.#blobStorages().flatMap(({ storage }) =>
      filestorages.includes(storage) ? [storage.dataFs] : [],
    );
  }

  #filestorages(): readonly SiteStorage[] {
    const { site } = this.#settings;
    return site.contents === 'blobs' ? [] : site.storages;
  }

  #blobStorages(): readonly BlobStorage[] {
    const { site } = this.#settings;
    if (site.contents === 'filestorages') return [];
    return site.storages.flatMap((storage) => this.#placeOfBlobs(storage) ?? []);
  }

  #placeOfBlobs(storage: SiteStorage): BlobStorage | undefined {
    const { blobs: source, folders } = storage;
    const folder = folders[this.#settings.of].blobs;
    return source === undefined || folder === undefined ? undefined : { storage, source, folder };
  }

  #opened(storage: SiteStorage): Promise<OpenRepository> {
    const original = storage.dataFs;
    return this.#context.backups.repository(this.#repository(storage), { original });
  }

  #repository(storage: SiteStorage): string {
    return storage.folders[this.#settings.of].filestorage;
  }
}

function stampsIn(fileNames: readonly string[]): ReadonlySet<Stamp> {
  return new Set(fileNames.flatMap((name) => stampOfFileName(name) ?? []));
}
