import type { Site, SiteStorage } from '../../config/model/site.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { makeBackupFolder } from '../../stores/backup-rights.ts';
import { type JobContext, lockRequest } from '../run/events.ts';
import { lockFolders } from '../run/lock-folders.ts';
import type { SiteBackupSettings } from './site-backup-settings.ts';

/** A storage with blobs, and the folder for their backups. */
export interface BlobStorage {
  readonly storage: SiteStorage;
  readonly source: string;
  readonly folder: string;
}

/** What a backup of a site takes of each storage, and the folders that it goes to. */
export class SiteFolders {
  readonly #site: Site;
  readonly #kind: SiteBackupSettings['kind'];
  readonly #context: JobContext;

  constructor({ site, kind }: Pick<SiteBackupSettings, 'site' | 'kind'>, context: JobContext) {
    this.#site = site;
    this.#kind = kind;
    this.#context = context;
  }

  /** Makes the folders that aren't there. */
  async make(): Promise<void> {
    for (const { folder, original } of this.#places()) {
      const { wasMade } = await makeBackupFolder(folder, original);
      if (wasMade) this.#context.onEvent({ kind: 'folder-made', path: folder });
    }
  }

  /**
   * Failure `locked`.
   *
   * @param command - as others read it; absent: the backup of this kind
   */
  async lock(command?: string): Promise<AsyncDisposable> {
    const verb = command ?? (this.#kind === 'backup' ? this.#kind : `${this.#kind}backup`);
    return await lockFolders(
      {
        repositories: this.filestorages().map((storage) => this.repositoryOf(storage)),
        blobFolders: this.blobStorages().map(({ folder }) => folder),
      },
      {
        backups: this.#context.backups,
        request: lockRequest(this.#context, verb),
      },
    );
  }

  /** The storages of which the Data.fs is backed up. */
  filestorages(): readonly SiteStorage[] {
    return this.#site.contents === 'blobs' ? [] : this.#site.storages;
  }

  /** The storages of which the blobs are backed up. */
  blobStorages(): readonly BlobStorage[] {
    if (this.#site.contents === 'filestorages') return [];
    return this.#site.storages.flatMap((storage) => this.blobsOf(storage) ?? []);
  }

  /** The folder for backups of a Data.fs. */
  repositoryOf(storage: SiteStorage): string {
    return storage.folders[this.#kind].filestorage;
  }

  /** The same; undefined where only blobs are backed up. */
  retentionRepositoryOf(storage: SiteStorage): string | undefined {
    return this.#site.contents === 'blobs' ? undefined : this.repositoryOf(storage);
  }

  opened(storage: SiteStorage): Promise<OpenRepository> {
    const original = storage.dataFs;
    return this.#context.backups.repository(this.repositoryOf(storage), { original });
  }

  /** Also while no blobs are backed up; undefined where a storage has none, or no folder for them. */
  blobsOf(storage: SiteStorage): BlobStorage | undefined {
    const { blobs: source, folders } = storage;
    const folder = folders[this.#kind].blobs;
    return source === undefined || folder === undefined ? undefined : { storage, source, folder };
  }

  /** All folders with backups. */
  all(): readonly string[] {
    return this.#places().map(({ folder }) => folder);
  }

  /** Folders with backups, and what is backed up there. */
  #places(): readonly { readonly folder: string; readonly original: string }[] {
    const repositories = this.filestorages().map((storage) => ({
      folder: this.repositoryOf(storage),
      original: storage.dataFs,
    }));
    const blobs = this.blobStorages().map(({ folder, source }) => ({ folder, original: source }));
    return [...repositories, ...blobs];
  }
}
