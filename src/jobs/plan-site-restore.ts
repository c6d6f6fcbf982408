import { pointStampsOf, readCatalogue } from '../repository/catalogue.ts';
import type { RecoveryDate } from '../repository/recovery-date.ts';
import type { Stamp } from '../repository/stamp.ts';
import { refuseDataAmongBlobs } from '../sites/among-blobs.ts';
import type { BackupKind, Site, SiteStorage } from '../sites/site.ts';
import { folderStore } from '../stores/folder-store.ts';
import { Failure } from '../system/failure.ts';
import type { MeantRestore } from './agreed-restore.ts';
import { refuseBlobCache } from './blob-cache.ts';
import { type OldState, planRestore, type RestorePlan } from './restore.ts';
import { type BlobRestorePlan, type DamagedBlobs, planBlobRestore } from './restore-blobs.ts';
import { refuseOverBackups } from './restore-targets.ts';

/** Which state of a site is restored. */
export interface SiteRestoreSettings {
  readonly site: Site;
  readonly of: BackupKind;
  /** Undefined: the newest. */
  readonly date: RecoveryDate | undefined;
  /** What to do where a server holds a Data.fs. */
  readonly heldLock: 'refuse' | 'ignore';
  /** What to do with a Data.fs that is an earlier state of the same log. */
  readonly earlierState: 'replace' | 'append';
  /** What becomes of what is replaced. */
  readonly old: OldState;
  /** What to do about blobs that are lost, or not what was backed up. */
  readonly damagedBlobs: DamagedBlobs;
  /** What to do where it isn't clear that the newest backup is the one that is meant; see `refuseGuess`. */
  readonly guess: 'refuse' | 'accept';
  /** What somebody was shown before, and nothing else is done; undefined: nobody was asked. */
  readonly agreed: MeantRestore | undefined;
  readonly now: () => Date;
}

/** What a restore of a site will do. */
export interface SiteRestorePlan {
  readonly filestorages: readonly { readonly storage: string; readonly plan: RestorePlan }[];
  readonly blobs: readonly { readonly storage: string; readonly plan: BlobRestorePlan }[];
}

/** The paths that a restore replaces, in the order in which people are asked about them. */
export function replacedPaths({ storages, contents }: Site): {
  readonly filestorages: readonly string[];
  readonly blobstorages: readonly string[];
} {
  return {
    filestorages: contents === 'blobs' ? [] : storages.map(({ dataFs }) => dataFs),
    blobstorages: contents === 'filestorages' ? [] : storages.flatMap(({ blobs }) => blobs ?? []),
  };
}

/**
 * Finds everything that a restore takes: a restore point for each storage, and the blobs that belong
 * to it. Changes nothing. Failures: those of {@link planRestore} and {@link planBlobRestore}.
 */
export async function planSiteRestore(
  settings: Pick<SiteRestoreSettings, 'site' | 'of' | 'date' | 'damagedBlobs'>,
): Promise<SiteRestorePlan> {
  const { site, of, date, damagedBlobs } = settings;
  await refuseOverBackups(site);
  await refuseDataAmongBlobs(site);
  await refuseBlobCache(site);
  const filestorages: { storage: string; plan: RestorePlan }[] = [];
  const blobs: { storage: string; plan: BlobRestorePlan }[] = [];
  for (const storage of site.storages) {
    const repository = foldersOf(storage, of).filestorage;
    if (site.contents === 'blobs') continue;
    const plan = await planRestore({
      repository,
      date,
      target: storage.dataFs,
    });
    filestorages.push({ storage: storage.name, plan });
  }
  for (const storage of site.storages) {
    const folder = foldersOf(storage, of).blobs;
    if (site.contents === 'filestorages' || storage.blobs === undefined) continue;
    if (folder === undefined) throw new RangeError('a storage with blobs has a folder for them');
    const point = filestorages.find((one) => one.storage === storage.name)?.plan.point.stamp;
    const isArchived = of === 'zip' || site.blobFormat.kind !== 'directories';
    const plan = await planBlobRestore({
      folder,
      repository: point === undefined ? undefined : foldersOf(storage, of).filestorage,
      source: storage.madeOf?.blobs ?? storage.blobs,
      target: storage.blobs,
      date,
      rules: site.rules,
      copier: site.blobCopier,
      damagedBlobs,
      wanted: {
        preferred: isArchived ? 'archives' : 'directories',
        moment:
          point === undefined
            ? { kind: 'date', date }
            : {
                kind: 'point',
                stamp: point,
                next: await nextBackup(foldersOf(storage, of).filestorage, point),
              },
      },
    });
    blobs.push({ storage: storage.name, plan });
  }
  return { filestorages, blobs };
}

/** Failure `usage` where there are none: the alternative source of a storage. */
export function foldersOf({ name, folders }: SiteStorage, of: BackupKind) {
  const found = folders[of];
  if (found !== undefined) return found;
  throw new Failure('usage', `Cannot restore "${name}": it has no alternative_restore_source`, {
    hint: 'Set it in the part of the buildout and run "zodbvault install" again, or in a zodbvault.toml.',
  });
}

/** The stamp of the backup that follows a restore point; undefined: it is the newest. */
async function nextBackup(repository: string, point: Stamp): Promise<Stamp | undefined> {
  const catalogue = await readCatalogue(folderStore(repository));
  return pointStampsOf(catalogue).find((stamp) => stamp > point);
}
