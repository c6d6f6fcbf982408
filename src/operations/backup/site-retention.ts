import { findBorrowedBlobs } from '../../blobs/ownership/borrowed-blobs.ts';
import type { OwningRepository } from '../../blobs/ownership/ownership.ts';
import {
  findRetentionHoldOf,
  type RetentionHold,
  recordRetentionHold,
} from '../../blobs/ownership/retention-hold.ts';
import {
  blobsThatCount,
  findRetentionRepository,
  type RetentionRepository,
} from '../../blobs/ownership/retention-repository.ts';
import { type BlobRule, withFilestorage } from '../../blobs/retention/blob-retention.ts';
import type { BlobFormat, SiteStorage } from '../../config/model/site.ts';
import { stampsOf } from '../../repository/layout/catalogue.ts';
import { stampOfFileName } from '../../repository/layout/file-names.ts';
import { nextStamp, type Stamp } from '../../repository/layout/stamp.ts';
import { findUnreadChecks } from '../../repository/records/check-results.ts';
import { forgetGoingBlobs, readGoingBlobs } from '../../repository/records/going-blobs.ts';
import {
  type ensureIdentity,
  findIdentity,
  type Identity,
} from '../../repository/records/repository-id.ts';
import { isThere } from '../../system/files/presence.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import { planBlobPrune, pruneBlobs, type RetentionOwner } from '../retention/prune-blobs.ts';
import { type Pruning, pruneFulls } from '../retention/prune-filestorage.ts';
import { RemovalGuard } from '../retention/removal-guard.ts';
import { removeSuperseded, type Superseding } from '../retention/superseded.ts';
import type { JobContext } from '../run/events.ts';
import { warnOfHold } from '../run/warn-of-hold.ts';
import { isExplained } from './continuity/explained-by-restore.ts';
import { restoresOf, tracesOf } from './continuity/restore-history.ts';
import type { PlannedBackup, PlannedRemoval } from './plan-filestorage.ts';
import type { SiteBackupSettings } from './site-backup-settings.ts';
import type { BlobStorage, SiteFolders } from './site-folders.ts';

/** What is backed up, and how: what old backups are kept by. */
interface RetentionSettings {
  readonly settings: SiteBackupSettings;
  readonly folders: SiteFolders;
  readonly format: BlobFormat;
  readonly isFull: boolean;
}

/** Which old backups of a site go when a new one is complete. */
export class SiteRetention {
  readonly #settings: SiteBackupSettings;
  readonly #folders: SiteFolders;
  readonly #format: BlobFormat;
  readonly #isFull: boolean;
  readonly #keep: number;
  readonly #context: JobContext;
  /** What holds all that is old, by the folder of the blob backups, or of the repository where there are none. */
  readonly #holds = new Map<string, RetentionHold | undefined>();
  /** By the names of the storages. */
  readonly #guards = new Map<string, RemovalGuard>();

  constructor({ settings, folders, format, isFull }: RetentionSettings, context: JobContext) {
    this.#settings = settings;
    this.#folders = folders;
    this.#format = format;
    this.#isFull = isFull;
    // A zip is for taking away: only the newest matters.
    this.#keep = settings.kind === 'zip' ? 1 : settings.site.keep;
    this.#context = context;
  }

  /** A backup of blobs has told what holds them. That nothing does in its own place says nothing of another. */
  noteHold(folder: string, hold: RetentionHold | undefined): void {
    if (hold !== undefined) this.#holds.set(folder, hold);
  }

  /** Returns the names of the removed files of each storage. */
  async prune(): Promise<ReadonlyMap<string, readonly string[]>> {
    const removed = new Map<string, readonly string[]>();
    for (const storage of this.#folders.filestorages()) {
      const repository = await this.#folders.opened(storage);
      const place = this.#folders.blobsOf(storage);
      if (place !== undefined)
        await recordRetentionHold(this.#folders.repositoryOf(storage), {
          place,
          hold: await this.#holdOf(storage),
          looking: this.#context,
        });
      const pruning = await this.pruning(storage);
      const context = this.#context;
      const { blobs } = pruning;
      const guard = await this.#guardOf(storage);
      const unread = await findUnreadChecks(repository.store);
      if (unread !== undefined)
        context.onEvent({ kind: 'warning', code: 'unread-checks', fileName: unread });
      const superseded =
        blobs === undefined
          ? []
          : await removeSuperseded(repository, {
              ...{ dataFs: storage.dataFs, folder: this.#folders.repositoryOf(storage) },
              ...{ blobs, guard, context, backups: context.backups },
              wasSetBack: await this.whatSetBack(storage),
            });
      const tooOld = await pruneFulls(repository, { ...pruning, guard, context });
      removed.set(storage.name, [...superseded, ...tooOld]);
    }
    for (const blobs of this.#folders.blobStorages()) {
      const { storage, source, folder } = blobs;
      if ((await this.#holdOf(storage)) !== undefined) continue;
      const decided = await this.decided(blobs);
      const rule = decided === undefined ? this.#rule() : withFilestorage(decided.oldestFull);
      const gone = stampsIn(removed.get(storage.name) ?? []);
      const owner = await this.#retentionOwner(blobs, { decided, gone });
      const guard = await this.#guardOf(storage);
      const names = await pruneBlobs({ folder, source, rule, owner, guard }, this.#context);
      if (owner.kind === 'decides' && !guard.hasRefused) {
        await forgetGoingBlobs((await this.#folders.opened(storage)).store);
      }
      removed.set(storage.name, [...(removed.get(storage.name) ?? []), ...names]);
    }
    return removed;
  }

  /**
   * A storage that has blobs, of which they are backed up here, is kept with them; and all of it, as long as
   * its live blob directory lacks what older backups have, also while no blobs are backed up.
   */
  async pruning(storage: SiteStorage): Promise<Pruning> {
    if ((await this.#holdOf(storage)) !== undefined) return { keep: 0 };
    const blobs = this.#folders.blobsOf(storage);
    const isAlone = blobs === undefined || this.#settings.site.contents === 'filestorages';
    if (isAlone) return { keep: this.#keep };
    const repository = this.#folders.repositoryOf(storage);
    if (!(await isThere(repository))) return { keep: this.#keep };
    const { backups, signal } = this.#context;
    const counting = await blobsThatCount(blobs, { repository, backups, signal });
    return { keep: this.#keep, blobs: counting };
  }

  /** What tells whether a restore has taken away what a backup holds. */
  async whatSetBack({ dataFs }: SiteStorage): Promise<Superseding['wasSetBack']> {
    const { backups } = this.#context;
    const place = await realPlaceOf(dataFs);
    const traces = tracesOf(this.#settings.site);
    const past = await restoresOf(place, { ...traces, backups, now: this.#settings.now() });
    return (link, chains) => isExplained(link, { past, chains });
  }

  /** What of the blob backups will go when the planned backup is complete. */
  async planBlobRemovals(
    blobs: BlobStorage,
    planned: PlannedBackup | undefined,
  ): Promise<readonly PlannedRemoval[]> {
    const { storage, source, folder } = blobs;
    if (!(await isThere(folder)) || (await this.#holdOf(storage)) !== undefined) return [];
    const decided = await this.decided(
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
    const gone = stampsIn((planned?.removals ?? []).flatMap(({ fileNames }) => fileNames));
    const pruning = {
      folder,
      source,
      rule,
      backups: this.#context.backups,
      owner: await this.#retentionOwner(blobs, { decided, gone }),
    };
    const { removed } = await planBlobPrune(
      pruning,
      isNew ? { stamp, family: this.#family } : undefined,
    );
    return removed.map(({ set, reason }) => ({
      reason,
      fileNames: set.entries.map(({ name }) => name),
    }));
  }

  /** A backup of the blobs has told of it; where none is made, it is looked for, and told, here. */
  async #holdOf(storage: SiteStorage): Promise<RetentionHold | undefined> {
    const blobs = this.#folders.blobsOf(storage);
    const repository = this.#folders.repositoryOf(storage);
    const folder = blobs?.folder ?? repository;
    if (!this.#holds.has(folder)) {
      const hold = await findRetentionHoldOf({ blobs, repository }, this.#context);
      this.#holds.set(folder, hold);
      if (hold !== undefined) warnOfHold(hold, this.#context);
    }
    return this.#holds.get(folder);
  }

  /** Of the Data.fs backups of a storage and of its blobs: those need one another. */
  async #guardOf(storage: SiteStorage): Promise<RemovalGuard> {
    const known = this.#guards.get(storage.name);
    if (known !== undefined) return known;
    const repositories = this.#folders.filestorages().filter((one) => one === storage);
    const blobs = this.#folders.blobStorages().filter((one) => one.storage === storage);
    const { backups } = this.#context;
    const folders = await Promise.all([
      ...repositories.map((one) => this.#folders.opened(one)),
      ...blobs.map(({ folder }) => backups.blobFolder(folder)),
    ]);
    const guard = new RemovalGuard(folders, this.#context);
    this.#guards.set(storage.name, guard);
    return guard;
  }

  /** What says how long blobs stay. */
  async #retentionOwner(
    { storage, source, folder }: BlobStorage,
    {
      decided,
      gone,
    }: { readonly decided: RetentionRepository | undefined; readonly gone: ReadonlySet<Stamp> },
  ): Promise<RetentionOwner> {
    if (decided === undefined)
      return { kind: 'alone', repository: this.#folders.repositoryOf(storage) };
    const repository = await this.owning(storage, decided.identity);
    const there = stampsOf(decided.catalogue);
    const before = await readGoingBlobs((await this.#folders.opened(storage)).store);
    const all = new Set([...gone, ...before.filter((stamp) => !there.includes(stamp))]);
    const borrowed = await findBorrowedBlobs(
      { source, folder },
      {
        repository: repository.path,
        backups: this.#context.backups,
        catalogue: decided.catalogue,
        gone: all,
        preferred: this.#family,
      },
    );
    return { kind: 'decides', repository, gone: all, borrowed };
  }

  /** By its real path, whatever links lead there. */
  async owning(storage: SiteStorage, { id }: Identity): Promise<OwningRepository> {
    return { id, path: await (await this.#folders.opened(storage)).store.location() };
  }

  /** Undefined where no Data.fs is backed up that could decide. */
  async decided(
    { storage, ...blobs }: BlobStorage,
    identify?: typeof ensureIdentity,
  ): Promise<RetentionRepository | undefined> {
    const repository = this.#folders.retentionRepositoryOf(storage);
    return repository === undefined
      ? undefined
      : await findRetentionRepository(repository, {
          blobs,
          backups: this.#context.backups,
          identify,
        });
  }

  /** Where no Data.fs backup decides. */
  #rule(): BlobRule {
    const { site, now } = this.#settings;
    if (this.#isFull || site.keepBlobDays === 0)
      return { kind: 'count', keep: this.#keep, family: this.#family };
    return { kind: 'days', days: site.keepBlobDays, now: now(), family: this.#family };
  }

  get #family(): 'directories' | 'archives' {
    return this.#format.kind === 'directories' ? 'directories' : 'archives';
  }
}

function stampsIn(fileNames: readonly string[]): ReadonlySet<Stamp> {
  return new Set(fileNames.flatMap((name) => stampOfFileName(name) ?? []));
}
