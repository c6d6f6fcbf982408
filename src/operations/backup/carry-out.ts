import { join } from 'node:path';
import type { BackupPlan } from '../../repository/backup-plan.ts';
import { resolveCompression } from '../../repository/content/compression.ts';
import { estimateStoredBytes } from '../../repository/content/stored-size.ts';
import {
  type HashedFile,
  type WriteSettings,
  type WrittenBackup,
  writeBackup,
} from '../../repository/write-backup.ts';
import { requireRoomFor } from '../../system/files/free-space.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import { VERSION } from '../../system/processes/version.ts';
import { type JobContext, withStep } from '../run/events.ts';
import type { BackupSettings } from './backup-settings.ts';
import { warnOfOverwrite } from './continuity/overwritten-source.ts';
import { faultsOf } from './continuity/source-past.ts';
import type { BackupDecision, Deciding } from './decide-backup.ts';
import { newStamp } from './new-stamp.ts';

/** What is to be written, and what was decided with it. */
export interface BackupToWrite extends BackupDecision {
  readonly plan: Exclude<BackupPlan, { kind: 'nothing' }>;
}

/** Copies what was decided. Failures: `damaged`, `system`, and `refused` where there is no room. */
export async function carryOut(
  { plan, observed: { source }, newest, past }: BackupToWrite,
  { repository, catalogue, settings, context }: Deciding,
): Promise<WrittenBackup> {
  const totalBytes = plan.kind === 'full' ? plan.end : plan.end - plan.start;
  const now = settings.now();
  const compression = await resolveCompression(settings.compression, totalBytes);
  // Its processes end in any case.
  await using _isal = compression.kind === 'isal' ? compression.pool : undefined;
  const stamp = await newStamp(repository, {
    now,
    catalogue,
    blobs: settings.blobPlace,
    backups: context.backups,
  });
  const bytes = estimateStoredBytes(totalBytes, { compression, newest });
  await requireRoomFor([{ path: join(settings.repository, stamp), bytes }]);
  const blobs = await expectedBlobs(settings);
  const written = await withStep(context, {
    step: 'back-up',
    totalBytes,
    work: (progress) =>
      writeBackup(source.log, {
        store: repository.store,
        plan,
        settings: {
          stamp,
          compression,
          tool: `zodbvault ${VERSION}`,
          now,
          random: settings.random,
          progress,
          signal: context.signal,
          willConfirm: settings.confirmation === 'reread',
          confirm: (files) => confirm(files, { settings, context }),
          ...faultsOf(past),
          ...past.bytes,
          continues: past.continued,
          isChanges: settings.isChanges === true,
          blobs,
          beforePublishing: () => source.refuseOverwritten(plan.end),
        },
      }),
  });
  const { overwritten } = written.record;
  if (overwritten !== undefined) warnOfOverwrite(source, { overwritten, context });
  return written;
}

async function expectedBlobs({
  blobPlace,
}: Pick<BackupSettings, 'blobPlace'>): Promise<WriteSettings['blobs']> {
  return blobPlace === undefined ? null : { folder: await realPlaceOf(blobPlace.folder) };
}

async function confirm(
  files: readonly HashedFile[],
  {
    settings,
    context,
  }: { readonly settings: Pick<BackupSettings, 'confirmation'>; readonly context: JobContext },
): Promise<void> {
  if (settings.confirmation === 'none') return;
  await withStep(context, {
    step: 'confirm',
    totalBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    work: async ({ onFile, onBytes }) => {
      for (const file of files) {
        onFile(file.name);
        await file.confirm({ signal: context.signal, onBytes });
      }
    },
  });
}
