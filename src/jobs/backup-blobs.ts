import { basename, join } from 'node:path';
import { pointLatest } from '../blobs/blob-folder.ts';
import { type BlobCatalogue, readBlobCatalogue } from '../blobs/catalogue.ts';
import { makeFolder } from '../system/make-folder.ts';
import { makeArchive } from './archive-blobs.ts';
import { requireRoomForBlobs } from './blob-room.ts';
import { type BlobBackupResult, type BlobBackupSettings, BlobRun } from './blob-run.ts';
import { refuseNested, resolveSource } from './blob-source.ts';
import { makeChainLink } from './chain-blobs.ts';
import { makeCopy } from './copy-blobs.ts';
import type { JobContext } from './events.ts';
import { findHold, warnOfHold } from './hold.ts';

/**
 * Backs up a blob directory. The entry appears when it is complete and on the disk; one that is there
 * already and complete is left alone. The caller holds the folder's lock.
 *
 * Failures: `not-found` for a source that isn't there, `refused`, `program` for whatever
 * rsync or tar has to complain about, and those of the system.
 */
export async function backUpBlobs(
  settings: BlobBackupSettings,
  context: JobContext,
): Promise<BlobBackupResult> {
  const source = await resolveSource(settings.source);
  const { wasMade } = await makeFolder(settings.folder);
  if (wasMade) context.onEvent({ kind: 'folder-made', path: settings.folder });
  await refuseNested(settings.source, settings.folder);
  const base = basename(settings.source);
  const catalogue = await readBlobCatalogue(settings.folder, base);
  warnOfForeign(catalogue, context);
  const stamp = settings.stamp(catalogue.entries.map((entry) => entry.stamp));
  const run = new BlobRun({ settings, context, source, base, catalogue, stamp });
  await requireRoomForBlobs(run);
  const result = await make(run);
  await linkLatest(result, { settings, context });
  if (result.hold !== undefined) return result;
  // What made no copy has not looked what is lost.
  const hold = await findHold(settings, context.signal);
  if (hold !== undefined) warnOfHold(hold, context);
  return { ...result, hold };
}

function make(run: BlobRun): Promise<BlobBackupResult> {
  const { format } = run.settings;
  switch (format.kind) {
    case 'directories':
      return makeCopy(run, format.naming);
    case 'archives':
      return makeArchive(run, format);
    case 'incremental-archives':
      return makeChainLink(run, format.compression);
    default:
      return format satisfies never;
  }
}

function warnOfForeign({ foreign, folder }: BlobCatalogue, { onEvent }: JobContext): void {
  const bases = [...new Set(foreign.map(({ base }) => base))];
  if (bases.length === 0) return;
  const names = bases.map((base) => `"${base}"`).join(', ');
  onEvent({
    kind: 'warning',
    text: `"${folder}" also holds backups of the blob directories ${names}; they are left alone`,
  });
}

async function linkLatest(
  result: BlobBackupResult,
  { settings, context }: { readonly settings: BlobBackupSettings; readonly context: JobContext },
): Promise<void> {
  const { format, folder } = settings;
  const hasLatest = format.kind !== 'incremental-archives' && format.naming === 'stamps';
  const outcome = await pointLatest(folder, hasLatest ? result.name : undefined);
  if (outcome === 'set') context.onEvent({ kind: 'latest-set', folder, name: result.name });
  if (outcome === 'other') {
    context.onEvent({
      kind: 'warning',
      text: `"${join(folder, 'latest')}" is no link, and was left alone`,
    });
  }
}
