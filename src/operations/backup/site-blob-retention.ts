import { basename } from 'node:path';
import { findBorrowedBlobs } from '../../blobs/ownership/borrowed-blobs.ts';
import type { OwningRepository } from '../../blobs/ownership/ownership.ts';
import {
  findRetentionRepository,
  type RetentionRepository,
} from '../../blobs/ownership/retention-repository.ts';
import { type BlobRule, withFilestorage } from '../../blobs/retention/blob-retention.ts';
import type { BlobFormat, SiteStorage } from '../../config/model/site.ts';
import type { BackupPlan } from '../../repository/backup-plan.ts';
import { stampsOf } from '../../repository/layout/catalogue.ts';
import { stampOfFileName } from '../../repository/layout/file-names.ts';
import { nextStamp, type Stamp } from '../../repository/layout/stamp.ts';
import { forgetGoingBlobs, readGoingBlobs } from '../../repository/records/going-blobs.ts';
import {
  type ensureIdentity,
  findIdentity,
  type Identity,
} from '../../repository/records/repository-id.ts';
import { isThere } from '../../system/files/presence.ts';
import { planBlobPrune, pruneBlobs, type RetentionOwner } from '../retention/prune-blobs.ts';
import type { RemovalGuard } from '../retention/removal-guard.ts';
import type { JobContext } from '../run/events.ts';
import type { PlannedRemoval, PlannedRemovals } from './plan-filestorage.ts';
import type { SiteBackupSettings } from './site-backup-settings.ts';
import type { BlobStorage, SiteFolders } from './site-folders.ts';

/** What is backed up, and how: what old backups are kept by. */
export interface RetentionSettings {
  readonly settings: Pick<SiteBackupSettings, 'site' | 'kind' | 'now'>;
  readonly folders: SiteFolders;
  readonly format: BlobFormat;
  readonly isFull: boolean;
}

/** What is planned for a storage; of its old backups, nothing goes where nothing is said. */
export type PlannedOfStorage = Partial<PlannedRemovals> & { readonly plan: BackupPlan | undefined };

/** Which old backups of blobs go when a new one is complete. */
export class SiteBlobRetention {
  readonly #how: RetentionSettings & { readonly keep: number };
  readonly #folders: SiteFolders;
  readonly #context: JobContext;

  /** @param how - `keep`: how many stay where no Data.fs backup decides */
  constructor(how: RetentionSettings & { readonly keep: number }, context: JobContext) {
    this.#how = how;
    this.#folders = how.folders;
    this.#context = context;
  }

  /**
   * Removes what goes, and returns its names.
   *
   * @param gone - names of the files of Data.fs backups that this run has removed
   */
  async prune(
    blobs: BlobStorage,
    { gone, guard }: { readonly gone: readonly string[]; readonly guard: RemovalGuard },
  ): Promise<readonly string[]> {
    const { source, folder } = blobs;
    const decided = await this.decided(blobs);
    const rule = decided === undefined ? this.#rule() : withFilestorage(decided.oldestFull);
    const owner = await this.#retentionOwner(blobs, { decided, gone: stampsIn(gone) });
    const names = await pruneBlobs({ folder, source, rule, owner, guard }, this.#context);
    if (owner.kind === 'decides' && !guard.hasRefused) await this.#forgetGone(blobs);
    return names;
  }

  /** What of the blob backups will go when the planned backup is complete. */
  async planRemovals(
    blobs: BlobStorage,
    planned: PlannedOfStorage,
  ): Promise<readonly PlannedRemoval[]> {
    const { source, folder } = blobs;
    if (!(await isThere(folder))) return [];
    const decided = await this.decided(
      blobs,
      async (store, traces) => (await findIdentity(store, traces)).identity,
    );
    const taken = decided === undefined ? [] : stampsOf(decided.catalogue);
    const stamp = nextStamp(this.#how.settings.now(), taken);
    const rule =
      decided === undefined ? this.#rule() : withFilestorage(planned.oldestFull ?? stamp);
    const isNumbered =
      this.#how.format.kind !== 'incremental-archives' && this.#how.format.naming === 'numbers';
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
    const { settings, isFull, keep } = this.#how;
    const { site, now } = settings;
    if (isFull || site.keepBlobDays === 0) return { kind: 'count', keep, family: this.#family };
    return { kind: 'days', days: site.keepBlobDays, now: now(), family: this.#family };
  }

  get #family(): 'directories' | 'archives' {
    return this.#how.format.kind === 'directories' ? 'directories' : 'archives';
  }
}

function stampsIn(fileNames: readonly string[]): ReadonlySet<Stamp> {
  return new Set(fileNames.flatMap((name) => stampOfFileName(name) ?? []));
}
