import {
  findRetentionHoldOf,
  type RetentionHold,
  recordRetentionHold,
} from '../../blobs/ownership/retention-hold.ts';
import { blobsThatCount } from '../../blobs/ownership/retention-repository.ts';
import type { SiteStorage } from '../../config/model/site.ts';
import type { Deletion } from '../../repository/deletion.ts';
import { findUnreadChecks } from '../../repository/records/check-results.ts';
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
import {
  type PlannedOfStorage,
  type RetentionSettings,
  SiteBlobRetention,
} from './site-blob-retention.ts';
import type { BlobStorage, SiteFolders } from './site-folders.ts';

/** Which old backups of a site go when a new one is complete. */
export class SiteRetention {
  /** Of the backups of blobs. */
  readonly blobs: SiteBlobRetention;
  readonly #settings: RetentionSettings['settings'];
  readonly #folders: SiteFolders;
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
    // A zip is for taking away: only the newest matters.
    const isZip = settings.kind === 'zip';
    this.#keep = isZip ? 1 : settings.site.keep;
    this.#rules = isZip ? undefined : settings.site.keepRules;
    this.#context = context;
    this.blobs = new SiteBlobRetention(
      { settings, folders, format, isFull, keep: this.#keep },
      context,
    );
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
      await this.#warnOfUnread(storage);
      add(storage.name, await this.#removeSuperseded(storage));
    }
    for (const plan of await this.planOld()) {
      const guard = await this.#guardOf(plan.storage);
      add(plan.storage, await pruneFilestorage(plan, { guard, context: this.#context }));
    }
    for (const blobs of this.#folders.blobStorages()) {
      const { storage } = blobs;
      if ((await this.#holdOf(storage)) !== undefined) continue;
      const guard = await this.#guardOf(storage.name);
      const gone = removed.get(storage.name) ?? [];
      add(storage.name, await this.blobs.prune(blobs, { gone, guard }));
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
    planned: PlannedOfStorage,
  ): Promise<readonly PlannedRemoval[]> {
    if ((await this.#holdOf(blobs.storage)) !== undefined) return [];
    return await this.blobs.planRemovals(blobs, planned);
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

  async #warnOfUnread(storage: SiteStorage): Promise<void> {
    const { onEvent } = this.#context;
    const { store } = await this.#folders.opened(storage);
    const checks = await findUnreadChecks(store);
    const tags = await findUnreadTags(store);
    if (checks !== undefined) onEvent({ kind: 'warning', code: 'unread-checks', fileName: checks });
    if (tags !== undefined) onEvent({ kind: 'warning', code: 'unread-tags', fileName: tags });
  }

  async #removeSuperseded(storage: SiteStorage): Promise<readonly string[]> {
    const context = this.#context;
    const { blobs, held } = await this.pruning(storage);
    const repository = await this.#folders.opened(storage);
    if (blobs === undefined || held !== undefined) return [];
    const guard = await this.#guardOf(storage.name);
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
}
