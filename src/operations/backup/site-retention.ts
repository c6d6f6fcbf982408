import { basename } from 'node:path';
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
import type { BackupPlan } from '../../repository/backup-plan.ts';
import type { Deletion } from '../../repository/deletion.ts';
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
import { findUnreadTags } from '../../repository/records/tags.ts';
import type { KeepRules } from '../../repository/retention/retention-point.ts';
import { isThere } from '../../system/files/presence.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import {
  afterDeletions,
  type ObservedBackups,
  observeBackups,
} from '../retention/observe-backups.ts';
import { planRemovals, type RemovalPlan } from '../retention/plan-removals.ts';
import { planBlobPrune, pruneBlobs, type RetentionOwner } from '../retention/prune-blobs.ts';
import { pruneFilestorage } from '../retention/prune-filestorage.ts';
import type { Pruning } from '../retention/pruning.ts';
import { RemovalGuard } from '../retention/removal-guard.ts';
import { findSuperseded, removeSuperseded, type Superseding } from '../retention/superseded.ts';
import type { JobContext } from '../run/events.ts';
import { warnOfHold } from '../run/warn-of-hold.ts';
import { isExplained } from './continuity/explained-by-restore.ts';
import { restoresOf, tracesOf } from './continuity/restore-history.ts';
import {
  type PlannedBackup,
  type PlannedRemoval,
  type PlannedRemovals,
  removalsOf,
} from './plan-filestorage.ts';
import type { SiteBackupSettings } from './site-backup-settings.ts';
import type { BlobStorage, SiteFolders } from './site-folders.ts';

/** What is backed up, and how: what old backups are kept by. */
interface RetentionSettings {
  readonly settings: Pick<SiteBackupSettings, 'site' | 'kind' | 'now'>;
  readonly folders: SiteFolders;
  readonly format: BlobFormat;
  readonly isFull: boolean;
}

/** Which old backups of a site go when a new one is complete. */
export class SiteRetention {
  readonly #settings: RetentionSettings['settings'];
  readonly #folders: SiteFolders;
  readonly #format: BlobFormat;
  readonly #isFull: boolean;
  readonly #keep: number;
  readonly #rules: KeepRules | undefined;
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
    const isZip = settings.kind === 'zip';
    this.#keep = isZip ? 1 : settings.site.keep;
    this.#rules = isZip ? undefined : settings.site.keepRules;
    this.#context = context;
  }

  /** A backup of blobs has told what holds them. That nothing does in its own place says nothing of another. */
  noteHold(folder: string, hold: RetentionHold | undefined): void {
    if (hold !== undefined) this.#holds.set(folder, hold);
  }

  /** Returns the names of the removed files of each storage. */
  async prune(): Promise<ReadonlyMap<string, readonly string[]>> {
    const removed = new Map<string, readonly string[]>();
    const add = (storage: string, names: readonly string[]) =>
      removed.set(storage, [...(removed.get(storage) ?? []), ...names]);
    for (const storage of this.#folders.filestorages()) {
      await this.#noteHoldOf(storage);
      add(storage.name, await this.#removeSuperseded(storage));
    }
    for (const plan of await this.planOld()) {
      const guard = await this.#guardOf(plan.storage);
      add(plan.storage, await pruneFilestorage(plan, { guard, context: this.#context }));
    }
    for (const blobs of this.#folders.blobStorages()) {
      const { storage, source, folder } = blobs;
      if ((await this.#holdOf(storage)) !== undefined) continue;
      const decided = await this.decided(blobs);
      const rule = decided === undefined ? this.#rule() : withFilestorage(decided.oldestFull);
      const gone = stampsIn(removed.get(storage.name) ?? []);
      const owner = await this.#retentionOwner(blobs, { decided, gone });
      const guard = await this.#guardOf(storage.name);
      const names = await pruneBlobs({ folder, source, rule, owner, guard }, this.#context);
      if (owner.kind === 'decides' && !guard.hasRefused) await this.#forgetGone(blobs);
      add(storage.name, names);
    }
    return removed;
  }

  /** What becomes of the backups that are there, decided for all storages together. */
  async planOld(
    superseded: ReadonlyMap<string, readonly Deletion[]> = new Map(),
  ): Promise<readonly RemovalPlan[]> {
    const observed: ObservedBackups[] = [];
    for (const storage of this.#folders.filestorages()) {
      const pruning = await this.pruning(storage);
      const repository = await this.#folders.opened(storage);
      const one = await observeBackups(repository, { storage: storage.name, pruning });
      observed.push(afterDeletions(one, superseded.get(storage.name) ?? []));
    }
    return await planRemovals(observed, this.#rules);
  }

  /** What would go of the Data.fs backups of each storage when the planned ones are complete. */
  async planRemovals(
    planned: ReadonlyMap<string, PlannedBackup>,
  ): Promise<ReadonlyMap<string, PlannedRemovals>> {
    const observed = [...planned.values()].flatMap(({ observed: one, superseded }) =>
      one === undefined ? [] : afterDeletions(one, superseded),
    );
    const removals = new Map<string, PlannedRemovals>();
    for (const plan of await planRemovals(observed, this.#rules)) {
      const { superseded = [] } = planned.get(plan.storage) ?? {};
      removals.set(plan.storage, await removalsOf(plan, superseded));
    }
    return removals;
  }

  /** What newer backups take the place of. */
  async planSuperseded(storage: SiteStorage): Promise<readonly Deletion[]> {
    const { blobs, held } = await this.pruning(storage);
    if (blobs === undefined || held !== undefined) return [];
    const repository = await this.#folders.opened(storage);
    const settings = { ...(await this.#superseding(storage)), blobs };
    return (await findSuperseded(repository, settings)).going;
  }

  /**
   * A storage that has blobs, of which they are backed up here, is kept with them; and all of it, as long as
   * its live blob directory lacks what older backups have, also while no blobs are backed up.
   */
  async pruning(storage: SiteStorage): Promise<Pruning> {
    const isHeld = (await this.#holdOf(storage)) !== undefined;
    const held = isHeld ? ({ kind: 'lost-blobs' } as const) : undefined;
    const pruning = { keep: this.#keep, rules: this.#rules, held };
    const blobs = this.#folders.blobsOf(storage);
    const isAlone = blobs === undefined || this.#settings.site.contents === 'filestorages';
    if (isAlone) return pruning;
    const repository = this.#folders.repositoryOf(storage);
    if (!(await isThere(repository))) return pruning;
    const { backups, signal } = this.#context;
    return { ...pruning, blobs: await blobsThatCount(blobs, { repository, backups, signal }) };
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
    planned: Partial<PlannedRemovals> & { readonly plan: BackupPlan | undefined },
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
      decided === undefined ? this.#rule() : withFilestorage(planned.oldestFull ?? stamp);
    const isNumbered =
      this.#format.kind !== 'incremental-archives' && this.#format.naming === 'numbers';
    const isNew = planned.plan?.kind !== 'nothing' || isNumbered;
    const gone = stampsIn((planned.removals ?? []).flatMap(({ fileNames }) => fileNames));
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

  /** Also for those who know of no blobs. */
  async #noteHoldOf(storage: SiteStorage): Promise<void> {
    const place = this.#folders.blobsOf(storage);
    if (place === undefined) return;
    await recordRetentionHold(this.#folders.repositoryOf(storage), {
      place,
      hold: await this.#holdOf(storage),
      looking: this.#context,
    });
  }

  async #removeSuperseded(storage: SiteStorage): Promise<readonly string[]> {
    const context = this.#context;
    const { blobs, held } = await this.pruning(storage);
    const repository = await this.#folders.opened(storage);
    const guard = await this.#guardOf(storage.name);
    const unread = await findUnreadChecks(repository.store);
    if (unread !== undefined)
      context.onEvent({ kind: 'warning', code: 'unread-checks', fileName: unread });
    const tags = await findUnreadTags(repository.store);
    if (tags !== undefined)
      context.onEvent({ kind: 'warning', code: 'unread-tags', fileName: tags });
    if (blobs === undefined || held !== undefined) return [];
    const settings = await this.#superseding(storage);
    return await removeSuperseded(repository, { ...settings, blobs, guard, context });
  }

  async #superseding(storage: SiteStorage): Promise<Omit<Superseding, 'blobs'>> {
    return {
      dataFs: storage.dataFs,
      folder: this.#folders.repositoryOf(storage),
      wasSetBack: await this.whatSetBack(storage),
      backups: this.#context.backups,
    };
  }

  /** Remembers those that are gone of which something is left: an archive that others continue goes with all of these. */
  async #forgetGone({ storage, source, folder }: BlobStorage): Promise<void> {
    const repository = await this.#folders.opened(storage);
    const there = new Set(stampsOf(await repository.catalogue()));
    const blobs = await (await this.#context.backups.blobFolder(folder)).catalogue(
      basename(source),
    );
    const left = new Set(blobs.entries.map(({ stamp }) => stamp));
    await forgetGoingBlobs(repository.store, {
      but: (stamp) => left.has(stamp) && !there.has(stamp),
    });
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
  async #guardOf(name: string): Promise<RemovalGuard> {
    const known = this.#guards.get(name);
    if (known !== undefined) return known;
    const repositories = this.#folders.filestorages().filter((one) => one.name === name);
    const blobs = this.#folders.blobStorages().filter(({ storage }) => storage.name === name);
    const { backups } = this.#context;
    const folders = await Promise.all([
      ...repositories.map((one) => this.#folders.opened(one)),
      ...blobs.map(({ folder }) => backups.blobFolder(folder)),
    ]);
    const guard = new RemovalGuard(folders, this.#context);
    this.#guards.set(name, guard);
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
