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
  blobs: v.strictObject({
    ...BlobsSchema.entries,
    newFiles: maybe(
      'how many of them the backup before has not; absent where nobody has compared them',
      Count,
    ),
  }),
  removed: said('names of the old files that went', v.array(v.string())),
  kept: maybe(
    'what there is now; absent where the storage has no folder for its backups',
    v.strictObject({
      restorePoints: Count,
      storedBytes: said(
        'that they take; copies of blobs share their files, so they are not in it',
        Bytes,
      ),
    }),
  ),
});

const PlanSchema = v.strictObject({
  ...ofPlace,
  type: Type,
  reason,
  sizeBytes: maybe('of the Data.fs, what the backup would hold', Bytes),
  dataFsBytes: maybe('size of the Data.fs that a restore would make', Bytes),
  blobs: maybe(
    'what would be backed up of them, and to where',
    v.strictObject({ source: v.string(), folder: v.string() }),
  ),
  removals: v.array(v.strictObject({ reason: v.string(), fileNames: v.array(v.string()) })),
});

export const backupResult = {
  backups: said('one for each storage', v.array(BackupSchema)),
  plans: maybe('with `--dry-run`, in the place of `backups`', v.array(PlanSchema)),
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
  const { file, record } = written;
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
