import * as v from 'valibot';
import { blobsBackedUp } from '../../../../blobs/layout/blob-content.ts';
import type { Site } from '../../../../config/model/site.ts';
import type { StorageBackup } from '../../../../operations/backup/backup-site.ts';
import type {
  SiteBackupSettings,
  StoragePlan,
} from '../../../../operations/backup/site-backup-settings.ts';
import { describePlanReason } from '../../backup-plan.ts';
import { describeRemoval } from '../../removals.ts';
import { BlobsSchema, contentAsJson } from '../blobs.ts';
import { ofPoint, pointAsJson, sizesOfBackup } from '../point.ts';
import { Bytes, Count, maybe, ofPlace, type Result, said } from '../values.ts';

const Type = said(
  '`nothing`: nothing was committed since the last backup. `blobs`: the site backs up nothing else',
  v.picklist(['full', 'increment', 'nothing', 'blobs']),
);
const reason = maybe('why it is of that type', v.string());

const BackupSchema = v.strictObject({
  ...ofPlace,
  stamp: v.optional(ofPoint.stamp),
  time: ofPoint.time,
  type: Type,
  reason,
  ...sizesOfBackup,
  compressor: maybe(
    'who compressed the file of the Data.fs; `node`: zlib',
    v.picklist(['node', 'isal', 'igzip', 'pigz']),
  ),
  blobs: v.strictObject({
    ...BlobsSchema.entries,
    newFiles: maybe(
      'how many of them the previous backup does not have; absent if they were not compared',
      Count,
    ),
  }),
  removed: said('names of the old files that were deleted', v.array(v.string())),
  kept: maybe(
    'all backups of the storage after this run; absent if it has no folder for its backups',
    v.strictObject({
      restorePoints: Count,
      storedBytes: said(
        'space that they take on the disk, without copies of blobs, because these share files',
        Bytes,
      ),
    }),
  ),
});

const PlanSchema = v.strictObject({
  ...ofPlace,
  type: Type,
  reason,
  sizeBytes: maybe('bytes of the Data.fs that the backup would contain', Bytes),
  dataFsBytes: maybe('size of the Data.fs that a restore would make', Bytes),
  blobs: maybe(
    'which blobs the backup would contain, and where it would write them',
    v.strictObject({ source: v.string(), folder: v.string() }),
  ),
  removals: v.array(v.strictObject({ reason: v.string(), fileNames: v.array(v.string()) })),
});

export const backupResult = {
  backups: said('one for each storage', v.array(BackupSchema)),
  plans: maybe('with `--dry-run`, instead of `backups`', v.array(PlanSchema)),
};
export type BackupResult = Result<typeof backupResult>;

type Backup = v.InferOutput<typeof BackupSchema>;

/** Of which site a backup is, and which of its kinds. */
type Of = Pick<SiteBackupSettings, 'site' | 'kind'>;

export async function backupAsJson(
  { storage, filestorage, blobs, removed, kept }: StorageBackup,
  { site, kind }: Of,
): Promise<Backup> {
  const labels = { site: site.part, storage, kind };
  const madeBlobs = await blobsAsJson(blobs, { site, storage });
  const more = { blobs: madeBlobs, removed: [...removed], kept };
  if (filestorage === undefined) {
    const when = blobs === undefined ? {} : pointAsJson(blobs.stamp);
    return { ...labels, ...when, type: 'blobs', ...more };
  }
  const { plan, written } = filestorage;
  const { kind: type, end } = plan;
  const reason = describePlanReason(plan);
  if (written === undefined) {
    return { ...labels, type, reason, sizeBytes: 0, storedBytes: 0, dataFsBytes: end, ...more };
  }
  const { file, record, compressor } = written;
  return {
    ...labels,
    ...pointAsJson(file.stamp),
    type,
    reason,
    fileName: file.name,
    sizeBytes: record.end - record.start,
    storedBytes: record.stored.sizeBytes,
    dataFsBytes: record.end,
    transactions: record.transactionCount,
    lastTid: record.lastTid,
    compressor,
    ...more,
  };
}

async function blobsAsJson(
  blobs: StorageBackup['blobs'],
  { site, storage }: { readonly site: Site; readonly storage: string },
): Promise<Backup['blobs']> {
  if (blobs === undefined) return { state: 'none' };
  const live = site.storages.find(({ name }) => name === storage)?.blobs;
  const content = contentAsJson(await blobsBackedUp(blobs, live));
  return {
    state: blobs.kind === 'made' ? 'made' : 'unchanged',
    name: blobs.name,
    ...content,
    // Of a first backup, the file that names the layout is one of those that are new.
    newFiles: blobs.newFiles && Math.min(blobs.newFiles, content.files ?? blobs.newFiles),
  };
}

export function planAsJson(
  { storage, filestorage, blobs, removals }: StoragePlan,
  { site, kind }: Of,
): v.InferOutput<typeof PlanSchema> {
  return {
    ...{ site: site.part, storage, kind },
    ...(filestorage === undefined
      ? { type: 'blobs' }
      : {
          type: filestorage.kind,
          reason: describePlanReason(filestorage),
          sizeBytes: sizeOf(filestorage),
          dataFsBytes: filestorage.end,
        }),
    blobs: blobs && { source: blobs.source, folder: blobs.folder },
    removals: removals.map(({ reason, fileNames }) => ({
      reason: describeRemoval(reason),
      fileNames: [...fileNames],
    })),
  };
}

function sizeOf(plan: NonNullable<StoragePlan['filestorage']>): number {
  switch (plan.kind) {
    case 'full':
      return plan.end;
    case 'increment':
      return plan.end - plan.start;
    case 'nothing':
      return 0;
    default:
      return plan satisfies never;
  }
}
