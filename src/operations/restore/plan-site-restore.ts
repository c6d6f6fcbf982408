import type { OpenBackups } from '../../blobs/open-backups.ts';
import { refuseDataAmongBlobs } from '../../config/model/blob-directory-check.ts';
import type { BackupKind, Site, SiteStorage } from '../../config/model/site.ts';
import { pointStampsOf } from '../../repository/layout/catalogue.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { Failure } from '../../system/failure.ts';
import { findBackupPlaces } from '../run/backup-places.ts';
import { refuseBlobCache } from '../run/blob-cache.ts';
import { settleTarget } from '../run/settle-target.ts';
import { inStorage } from '../run/states/in-storage.ts';
import { withoutSplitCommits } from '../run/whole-commits.ts';
import type { BlobRestorePlan, KindFolders } from './blob-restore-plan.ts';
import { planRestore } from './restore-filestorage.ts';
import type { RestorePlan } from './restore-plan.ts';
import { refuseOverBackups } from './restore-targets.ts';
import type { SiteRestorePlan, SiteRestoreSettings } from './site-restore-plan.ts';
import { planBlobRestore } from './stage-blobs.ts';

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
  settings: Pick<SiteRestoreSettings, 'site' | 'kind' | 'wanted' | 'damagedBlobs'>,
  backups: OpenBackups,
): Promise<SiteRestorePlan> {
  const { site, kind, damagedBlobs } = settings;
  const settled = await settleTarget(settings.wanted, { site, kind, backups });
  const aim = 'restore from';
  const { target: wanted, split } = await withoutSplitCommits(settled, {
    site,
    kind,
    aim,
    backups,
  });
  await refuseOverBackups(site);
  await refuseDataAmongBlobs(site);
  await refuseBlobCache(site);
  const places = await findBackupPlaces(site, { kind, backups });
  const filestorages: { storage: string; plan: RestorePlan }[] = [];
  const blobs: { storage: string; plan: BlobRestorePlan }[] = [];
  for (const storage of site.storages) {
    const repository = foldersOf(storage, kind).filestorage;
    if (site.contents === 'blobs') continue;
    const work = () => planRestore({ repository, wanted, target: storage.dataFs }, backups);
    const plan = await inStorage(storage.name, { places, backups, work });
    filestorages.push({ storage: storage.name, plan });
  }
  for (const storage of site.storages) {
    const folder = foldersOf(storage, kind).blobs;
    if (site.contents === 'filestorages' || storage.blobs === undefined) continue;
    if (folder === undefined) throw new RangeError('a storage with blobs has a folder for them');
    const point = filestorages.find((one) => one.storage === storage.name)?.plan.point.stamp;
    const isArchived = kind === 'zip' || site.blobFormat.kind !== 'directories';
    const plan = await planBlobRestore(
      {
        folder,
        repository: point === undefined ? undefined : foldersOf(storage, kind).filestorage,
        source: storage.madeOf?.blobs ?? storage.blobs,
        otherKinds: otherKindsOf(storage, kind),
        target: storage.blobs,
        wanted,
        rules: site.rules,
        copier: site.blobCopier,
        damagedBlobs,
        preferred: isArchived ? 'archives' : 'directories',
        moment:
          point === undefined
            ? { kind: 'target', target: wanted }
            : {
                kind: 'point',
                stamp: point,
                next: await nextBackup(foldersOf(storage, kind).filestorage, { point, backups }),
              },
      },
      backups,
    );
    blobs.push({ storage: storage.name, plan });
  }
  return { filestorages, blobs, split };
}

/** Where it has blob backups that are not of a kind. */
function otherKindsOf({ folders }: SiteStorage, kind: BackupKind): readonly KindFolders[] {
  const others = { ...folders, [kind]: undefined };
  return Object.values(others).flatMap((one) =>
    one?.blobs === undefined ? [] : [{ folder: one.blobs, repository: one.filestorage }],
  );
}

/** Failure `usage` where there are none: the alternative source of a storage. */
export function foldersOf({ name, folders }: SiteStorage, kind: BackupKind) {
  const found = folders[kind];
  if (found !== undefined) return found;
  throw new Failure('usage', `Cannot restore "${name}": it has no alternative_restore_source`, {
    hint: { kind: 'set-alternative-source' },
  });
}

/** The stamp of the backup that follows a restore point; undefined: it is the newest. */
async function nextBackup(
  repository: string,
  { point, backups }: { readonly point: Stamp; readonly backups: OpenBackups },
): Promise<Stamp | undefined> {
  const catalogue = await (await backups.repository(repository)).catalogue();
  return pointStampsOf(catalogue).find((stamp) => stamp > point);
}
