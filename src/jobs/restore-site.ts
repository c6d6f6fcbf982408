import { basename, dirname } from 'node:path';
import { holdBlobFolder } from '../blobs/blob-folder.ts';
import { readCatalogue } from '../repository/catalogue.ts';
import type { RecoveryDate } from '../repository/recovery-date.ts';
import type { Stamp } from '../repository/stamp.ts';
import type { BackupKind, Site, SiteStorage } from '../sites/site.ts';
import { folderStore } from '../stores/folder-store.ts';
import { Disposables } from '../system/disposables.ts';
import { Failure } from '../system/failure.ts';
import { removeUnfinishedOf, settleReplaced } from '../system/new-directory.ts';
import type { JobContext } from './events.ts';
import {
  lockTarget,
  planRestore,
  type RestorePlan,
  type RestoreResult,
  type StagedRestore,
  stageRestore,
} from './restore.ts';
import {
  type BlobRestorePlan,
  placeOfBlobs,
  planBlobRestore,
  type StagedBlobs,
  stageBlobs,
} from './restore-blobs.ts';
import { runSiteCommand } from './site-commands.ts';

/** Which state of a site is restored. */
export interface SiteRestoreSettings {
  readonly site: Site;
  readonly of: BackupKind;
  /** Undefined: the newest. */
  readonly date: RecoveryDate | undefined;
  /** What to do where a server holds a Data.fs. */
  readonly heldLock: 'refuse' | 'ignore';
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
export async function planSiteRestore(settings: SiteRestoreSettings): Promise<SiteRestorePlan> {
  const { site, of, date } = settings;
  const filestorages: { storage: string; plan: RestorePlan }[] = [];
  const blobs: { storage: string; plan: BlobRestorePlan }[] = [];
  for (const storage of site.storages) {
    const repository = foldersOf(storage, of).filestorage;
    if (site.contents === 'blobs') continue;
    const plan = await planRestore({
      repository,
      date,
      target: storage.dataFs,
      heldLock: settings.heldLock,
      earlierState: 'replace',
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
      target: storage.blobs,
      date,
      rules: site.rules,
      copier: site.blobCopier,
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

/**
 * Restores a site: everything is looked for, then made beside what it replaces and checked, and only
 * then all of it is swapped by renames. Until then, a failure leaves the site as it was.
 */
export async function restoreSite(
  settings: SiteRestoreSettings,
  context: JobContext,
): Promise<readonly RestoreResult[]> {
  const { site } = settings;
  await runSiteCommand(site, { when: 'pre_command', action: 'restore', context });
  const results = await swapSite(settings, context);
  await runSiteCommand(site, { when: 'post_command', action: 'restore', context });
  return results;
}

async function swapSite(
  settings: SiteRestoreSettings,
  context: JobContext,
): Promise<readonly RestoreResult[]> {
  await using things = new Disposables();
  const { filestorages, blobstorages } = replacedPaths(settings.site);
  const locks = [];
  for (const target of filestorages) {
    locks.push(things.use(await lockTarget({ target, heldLock: settings.heldLock }, context)));
  }
  for (const folder of blobFolders(settings)) things.use(await holdBlobFolder(folder));
  const isAlone = locks.length > 0 && !locks.includes(undefined);
  for (const target of blobstorages) {
    const place = await placeOfBlobs(target);
    await settleInterrupted(place, context);
    if (isAlone) await removeUnfinishedOf(place);
  }
  const plan = await planSiteRestore(settings);
  const staged: StagedRestore[] = [];
  const stagedBlobs: StagedBlobs[] = [];
  for (const one of plan.filestorages) {
    const { point, target } = one.plan;
    const source = repositoryOf(settings, one.storage);
    context.onEvent({ kind: 'restore-begins', source: `${source}, ${point.stamp}`, target });
    const store = folderStore(source);
    staged.push(things.use(await stageRestore(one.plan, { store, context })));
  }
  for (const one of plan.blobs) {
    stagedBlobs.push(things.use(await stageBlobs(one.plan, context)));
  }
  context.signal.throwIfAborted();
  for (const one of staged) await one.swap();
  for (const one of stagedBlobs) await one.swap();
  return staged.map(({ result }) => result);
}

/** The folders that blobs are restored from, and that are there. */
function blobFolders({ site, of }: SiteRestoreSettings): readonly string[] {
  if (site.contents === 'filestorages') return [];
  return site.storages.flatMap((storage) => foldersOf(storage, of).blobs ?? []);
}

/** A restore that was killed while it swapped may have left the blobs beside their place. */
async function settleInterrupted(target: string, { onEvent }: JobContext): Promise<void> {
  const folder = dirname(target);
  const names = await settleReplaced(folder, basename(target)).catch((error: unknown) => {
    if (error instanceof Failure && error.code === 'not-found') return [];
    throw error;
  });
  if (names.length === 0) return;
  onEvent({
    kind: 'warning',
    text: `put back "${target}", which an interrupted restore had moved`,
  });
}

function repositoryOf({ site, of }: SiteRestoreSettings, name: string): string {
  const storage = site.storages.find((one) => one.name === name);
  if (storage === undefined) throw new RangeError(`no storage ${name}`);
  return foldersOf(storage, of).filestorage;
}

function foldersOf({ name, folders }: SiteStorage, of: BackupKind) {
  const found = folders[of];
  if (found !== undefined) return found;
  throw new Failure('usage', `Cannot restore "${name}": it has no alternative_restore_source`, {
    hint: 'Add a line for it to the part, and run "zodbvault install" again.',
  });
}

/** The stamp of the backup that follows a restore point; undefined: it is the newest. */
async function nextBackup(repository: string, point: Stamp): Promise<Stamp | undefined> {
  const { chains } = await readCatalogue(folderStore(repository));
  return chains
    .flatMap(({ full, increments }) => [full, ...increments].map(({ stamp }) => stamp))
    .find((stamp) => stamp > point);
}
