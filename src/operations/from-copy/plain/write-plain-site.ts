import { basename } from 'node:path';
import { OpenBackups } from '../../../blobs/open-backups.ts';
import type { Site } from '../../../config/model/site.ts';
import type { CopyPlace } from '../../../copies/layout/place.ts';
import { Failure } from '../../../system/failure.ts';
import { type BackupPlace, findBackupPlaces } from '../../run/backup-places.ts';
import { type JobContext, lockRequest, withStep } from '../../run/events.ts';
import { verifySite } from '../../verify/verify-site.ts';
import { UnfinishedFolder } from './unfinished-folder.ts';
import { writeBlobCopies } from './write-blob-copies.ts';
import { type Watch, writeFiles } from './write-files.ts';

/** Which backups go where. */
export interface PlainRequest {
  /** One whose folders are in {@link folder}, and shown out of a copy: see `CopyReading`. */
  readonly site: Site;
  /** It has to be empty, unless a killed run has begun the same there. */
  readonly folder: string;
  /** What they come from, as people call it. */
  readonly from: string;
  readonly now: () => Date;
}

/** What one kind of backup of one storage has become. */
export interface WrittenPlace extends Pick<BackupPlace, 'storage' | 'kind'> {
  /** The folder with backups of the Data.fs; undefined where only blobs are backed up. */
  readonly repository: string | undefined;
  /** The folder with those of the blobs; undefined: there are none. */
  readonly blobs: string | undefined;
  /** Bytes that were read for it. */
  readonly bytes: number;
}

/**
 * Writes what a copy has of a site to folders as a site has them for its backups, which repozo reads, too. Then all of it
 * is verified, and only then it is seen. Failures: those of the copy; `refused` where the folder isn't empty; `damaged`
 * where something isn't what was backed up; `locked`.
 */
export async function writePlainSite(
  { site, folder, from, now }: PlainRequest,
  context: JobContext,
): Promise<readonly WrittenPlace[]> {
  const places = await findBackupPlaces(site, { kind: 'all', backups: context.backups });
  const names = places.flatMap(({ repository, blobs }) =>
    [repository ?? [], blobs?.folder ?? []].flat().map((path) => basename(path)),
  );
  const plan = { from, names, lock: lockRequest(context, 'copy') };
  await using target = await UnfinishedFolder.claim(folder, plan);
  const written: WrittenPlace[] = [];
  for (const place of places) written.push(await writePlace(place, { target, context }));
  await requireIntact(inWork(site, target), { now, context });
  await target.publish();
  return written;
}

async function writePlace(
  { storage, kind, repository, blobs }: BackupPlace,
  { target, context }: { readonly target: UnfinishedFolder; readonly context: JobContext },
): Promise<WrittenPlace> {
  const { backups, signal } = context;
  let bytes = 0;
  const work = async (progress: Watch['progress']) => {
    const onBytes = (count: number) => {
      bytes += count;
      progress.onBytes(count);
    };
    const watch = { signal, progress: { ...progress, onBytes } };
    if (repository !== undefined) {
      const { store } = await backups.repository(repository);
      await writeFiles(store, await target.storeOf(repository), watch);
    }
    if (blobs === undefined) return undefined;
    const { store } = await backups.blobFolder(blobs.folder);
    if ((await store.entries()).length === 0) return undefined;
    const folder = await target.storeOf(blobs.folder);
    await writeFiles(store, folder, watch);
    await writeBlobCopies(store, folder, watch);
    return blobs.folder;
  };
  const blobFolder = await withStep(context, { step: 'copy', totalBytes: undefined, work });
  return { storage, kind, repository, blobs: blobFolder, bytes };
}

/** The same site with its folders where they are until all of them are complete. */
function inWork(site: Site, target: UnfinishedFolder): Site {
  return {
    ...site,
    storages: site.storages.map((storage) => {
      const move = ({ filestorage, blobs }: (typeof storage.folders)[CopyPlace['kind']]) => ({
        filestorage: target.pathOf(filestorage),
        ...(blobs !== undefined && { blobs: target.pathOf(blobs) }),
      });
      const { backup, snapshot, zip } = storage.folders;
      return {
        ...storage,
        folders: { backup: move(backup), snapshot: move(snapshot), zip: move(zip) },
      };
    }),
  };
}

/** Reads all that was written. The result is remembered there, as after each verification. */
async function requireIntact(
  site: Site,
  { now, context }: { readonly now: () => Date; readonly context: JobContext },
): Promise<void> {
  const all = { kind: 'all', depth: 'thorough', chains: 'all', now } as const;
  const places = await verifySite({ site, ...all }, { ...context, backups: new OpenBackups() });
  const bad = places.flatMap(({ findings, blobFindings }) =>
    [...findings, ...blobFindings].flatMap(({ kind, name }) => (kind === 'bad' ? name : [])),
  );
  const [first, ...others] = bad;
  if (first === undefined) return;
  const more = others.length === 0 ? '' : `, and ${others.length} more like it`;
  throw new Failure(
    'damaged',
    `Cannot write the backups: "${first}" is not what was backed up${more}`,
    {
      hint: 'Verify the copy: that shows what is damaged. All other restore points can still be restored from it.',
    },
  );
}
