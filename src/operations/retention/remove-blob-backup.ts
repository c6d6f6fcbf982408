import { type BackupSet, backupSets } from '../../blobs/layout/backup-sets.ts';
import { latestIn, pointLatest, removeSet } from '../../blobs/layout/blob-folder.ts';
import { parseEntryName } from '../../blobs/layout/entry-name.ts';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import { lookInto } from '../../blobs/ownership/blobs-of-points.ts';
import { readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import { findRetentionHoldOf } from '../../blobs/ownership/retention-hold.ts';
import type { Site } from '../../config/model/site.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { Store } from '../../stores/store.ts';
import { Failure } from '../../system/failure.ts';
import type { Hint } from '../../system/remedy.ts';
import { listPlace } from '../list/list-site.ts';
import type { BackupPlace } from '../run/backup-places.ts';
import { type JobContext, lockRequest } from '../run/events.ts';
import { lockFolders } from '../run/lock-folders.ts';
import { withRunLog } from '../run/run-log.ts';
import { tellRemoval } from './tell-removal.ts';

/** Where one storage has its blob backups. */
export interface PlaceOfBlobs {
  readonly site: Site;
  readonly place: BackupPlace & { readonly blobs: NonNullable<BackupPlace['blobs']> };
}

/** Whether a blob backup may have that name: `blobstorage.3`, `blobstorage.2024-01-02-03-04-05.tar.gz`. */
export function isNameOfBlobs(text: string): boolean {
  return (['directory', 'file'] as const).some((type) => parseEntryName(text, type)?.base);
}

/** A blob backup that is to go, with what stands and falls with it. */
export interface BlobDeletion {
  readonly folder: string;
  /** How messages call it. */
  readonly path: string;
  /** The moment of its blobs. */
  readonly stamp: Stamp;
  /** In the order in which they go. */
  readonly fileNames: readonly string[];
  readonly set: BackupSet;
  /** The others, newest first. */
  readonly rest: readonly BackupSet[];
  readonly leaves: 'backup' | 'nothing';
}

/**
 * Plans to remove a blob backup that no restore point needs; changes nothing. Undefined where there is none of that
 * name. Failure `refused` where it is another's, or somebody needs it.
 */
export async function planDeleteBlobs(
  { site, place }: PlaceOfBlobs,
  {
    name,
    backups,
    signal,
  }: { readonly name: string; readonly backups: OpenBackups; readonly signal: AbortSignal },
): Promise<BlobDeletion | undefined> {
  const { blobs, repository } = place;
  const { folder } = blobs;
  const { store, entries, others } = await readOwnBlobs(blobs, { repository, backups });
  const path = store.nameOf(name);
  if (others.some((entry) => entry.name === name)) {
    throw notToGo(path, {
      state: 'it was made for another repository',
      hint: 'Run the command in the folder of that site.',
    });
  }
  const sets = backupSets(entries);
  const set = sets.find((one) => one.entries.some((entry) => entry.name === name));
  if (set === undefined) return undefined;
  const fileNames = set.entries.map((entry) => entry.name);
  const needing = await pointNeeding(fileNames, { site, place, backups });
  if (needing !== undefined) {
    throw notToGo(path, {
      state: `the restore point ${needing} is restored with it`,
      hint: { kind: 'delete-restore-point', stamp: needing },
    });
  }
  const hold = await findRetentionHoldOf({ blobs, repository }, { backups, signal });
  if (hold?.kind === 'lost' && fileNames.some((one) => store.nameOf(one) === hold.holder)) {
    throw notToGo(path, {
      state: 'it has blobs that the live site has lost',
      hint: { kind: 'put-back-lost-blobs', source: hold.source, copy: hold.holder },
    });
  }
  const rest = sets.filter((one) => one !== set);
  const isOneLeft = set.worth === 'orphan' || (await hasOneThere(rest, store));
  const leaves = isOneLeft ? 'backup' : 'nothing';
  return {
    folder,
    path: store.nameOf(set.newest.name),
    stamp: set.newest.stamp,
    fileNames,
    set,
    rest,
    leaves,
  };
}

/** The newest restore point that would be restored with one of them. */
async function pointNeeding(
  names: readonly string[],
  { site, place, backups }: PlaceOfBlobs & { readonly backups: OpenBackups },
): Promise<Stamp | undefined> {
  const points = await listPlace(place, { site, backups });
  const needing = points.flatMap((one) =>
    one.kind === 'filestorage' && one.blobs.kind === 'found' && names.includes(one.blobs.name)
      ? [one.point.stamp]
      : [],
  );
  return needing.at(-1);
}

async function hasOneThere(sets: readonly BackupSet[], store: Store): Promise<boolean> {
  for (const { worth, entries } of sets) {
    const first = entries.find(({ form }) => form === 'archive' || form === 'directory');
    if (worth === 'orphan' || first === undefined) continue;
    if ((await lookInto(first, { recorded: first, store })).kind === 'there') return true;
  }
  return false;
}

/**
 * Carries out a plan that somebody has agreed to. Returns the names of what was removed. Failures: `refused` where
 * it has changed meanwhile; `locked`.
 */
export async function deleteBlobs(
  of: PlaceOfBlobs,
  {
    plan,
    now,
    context,
  }: {
    readonly plan: BlobDeletion;
    readonly now: () => Date;
    readonly context: JobContext;
  },
): Promise<readonly string[]> {
  const { site, place } = of;
  const { folder } = plan;
  const start = { verb: 'retire', site, kind: place.kind, now } as const;
  return await withRunLog(start, context, async (watched) => {
    const repositories = place.repository === undefined ? [] : [place.repository];
    const folders = { repositories, blobFolders: [folder] };
    const { backups, signal } = context;
    const request = lockRequest(watched.context, 'delete');
    await using _locks = await lockFolders(folders, { backups, request });
    const found = await planDeleteBlobs(of, { name: nameOf(plan), backups, signal });
    if (found === undefined || !isSame(found, plan)) throw hasChanged(plan);
    const fileNames = await tellRemoval(watched.context, {
      folder,
      reason: { kind: 'named' },
      remove: async (onFile) => {
        const { store } = await backups.blobFolder(folder);
        await pointLatestElsewhere(store, { going: found.set, rest: found.rest });
        return await removeSet(store, { set: found.set, onFile });
      },
    });
    await watched.done({});
    return fileNames;
  });
}

/** Before the backup goes that "latest" leads to: a link never leads nowhere. */
async function pointLatestElsewhere(
  store: Store,
  { going, rest }: { readonly going: BackupSet; readonly rest: readonly BackupSet[] },
): Promise<void> {
  const latest = await latestIn(store);
  if (!going.entries.some(({ name }) => name === latest)) return;
  const next = rest.find(({ worth, newest }) => worth === 'backup' && newest.id.kind === 'stamp');
  await pointLatest(store, next?.newest.name);
}

/** Failure `refused` where no blob backup would be left. */
export function refuseLastBlobs(
  plan: BlobDeletion,
  { last }: { readonly last: 'stays' | 'may-go' },
): void {
  if (last === 'may-go' || plan.leaves === 'backup') return;
  throw notToGo(plan.path, {
    state: 'no other backup of blobs is there',
    hint: { kind: 'make-backup-or-insist' },
  });
}

function nameOf({ set }: BlobDeletion): string {
  return set.newest.name;
}

/** Backups rename the numbered ones. */
function isSame(one: BlobDeletion, other: BlobDeletion): boolean {
  return (
    one.stamp === other.stamp &&
    one.leaves === other.leaves &&
    one.fileNames.join() === other.fileNames.join()
  );
}

function hasChanged(plan: BlobDeletion): Failure {
  return notToGo(plan.path, {
    state: 'a backup has renamed or removed it meanwhile',
    hint: 'Nothing was changed. Run the command again to see what there is now.',
  });
}

function notToGo(
  path: string,
  { state, hint }: { readonly state: string; readonly hint: Hint },
): Failure {
  return new Failure('refused', `Cannot delete "${path}": ${state}`, { hint });
}
