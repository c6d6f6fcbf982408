import { basename } from 'node:path';
import { pointLatest } from '../../blobs/layout/blob-folder.ts';
import type { BlobCatalogue } from '../../blobs/layout/catalogue.ts';
import { entryStem, LATEST } from '../../blobs/layout/entry-name.ts';
import type { BlobRecord } from '../../blobs/layout/record.ts';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import {
  findOwners,
  type OwningRepository,
  type SplitBlobs,
  splitBlobs,
} from '../../blobs/ownership/ownership.ts';
import { findRetentionHold } from '../../blobs/ownership/retention-hold.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { makeBackupFolder } from '../../stores/backup-rights.ts';
import { Failure } from '../../system/failure.ts';
import { leadingTo } from '../../system/files/place.ts';
import type { JobContext } from '../run/events.ts';
import { warnOfHold } from '../run/warn-of-hold.ts';
import { makeArchive } from './archive-blobs.ts';
import type { BlobBackupResult, BlobBackupSettings } from './blob-backup.ts';
import { requireRoomForBlobs } from './blob-room.ts';
import {
  type BlobRun,
  beginBlobRun,
  entryIdOf,
  isOfAnotherPoint,
  isOfAnotherSource,
} from './blob-run.ts';
import { isEmptySource, resolveSource } from './blob-source.ts';
import { makeCopy } from './copy-blobs.ts';
import { makeChainLink } from './incremental-archive.ts';

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
  const { backups, signal } = context;
  const source = await resolveSource(settings.source);
  const { wasMade } = await makeBackupFolder(settings.folder, source);
  if (wasMade) context.onEvent({ kind: 'folder-made', path: settings.folder });
  const base = basename(settings.source);
  const opened = await backups.blobFolder(settings.folder, { original: source });
  const all = await opened.catalogue(base);
  const catalogue = await withoutOthers(all, { repository: settings.repository, backups });
  warnOfForeign(catalogue, context);
  const stamp = settings.stamp(all.entries.map((entry) => entry.stamp));
  const location = await opened.store.location();
  const sourceNames = await leadingTo(
    source,
    all.entries.flatMap(({ record }) => record?.source ?? []),
  );
  const run = beginBlobRun({
    settings,
    context,
    source,
    sourceNames,
    location,
    opened,
    base,
    catalogue,
    all,
    stamp,
  });
  await refuseOthersEntry(run);
  await requireRoomForBlobs(run);
  await warnOfEmptySource(run);
  const result = await make(run);
  await linkLatest(result, run);
  if (result.hold !== undefined) return result;
  // What made no copy has not looked what is lost.
  const hold = await findRetentionHold(settings, {
    repository: settings.repository?.path,
    backups,
    signal,
  });
  if (hold !== undefined) warnOfHold(hold, context);
  return { ...result, hold };
}

/** The first backup has none to compare with, so the Data.fs tells: it may be the wrong directory, or its disk is away. */
async function warnOfEmptySource({
  source,
  catalogue,
  settings: { expected },
  context,
}: BlobRun): Promise<void> {
  if (catalogue.entries.length > 0 || !(await isEmptySource(source))) return;
  if (!(await expected.areNamed())) return;
  context.onEvent({ kind: 'warning', code: 'blob-directory-empty', source });
}

async function withoutOthers(
  all: BlobCatalogue,
  {
    repository,
    backups,
  }: { readonly repository: OwningRepository | null; readonly backups: OpenBackups },
): Promise<SplitBlobs> {
  if (repository === null) return { ...all, others: [] };
  const ownerOf = await findOwners(all, { ...repository, backups });
  return splitBlobs(all, (entry) => ['other', 'copy'].includes(ownerOf(entry)));
}

/**
 * Two sites with one folder for their blob backups may have Data.fs backups of the same second. What is there then
 * is no backup of this site's blobs, and may not go for one. Failure `refused`.
 */
async function refuseOthersEntry(run: BlobRun): Promise<void> {
  const { format, source, repository } = run.settings;
  const isNumbered = format.kind !== 'incremental-archives' && format.naming === 'numbers';
  if (repository === null || isNumbered) return;
  const stem = entryStem(run.base, entryIdOf(run, 'stamps'));
  for (const entry of run.all.entries) {
    if (entryStem(entry.base, entry.id) !== stem) continue;
    if ((entry.form === 'directory') !== (format.kind === 'directories')) continue;
    // Also where the file isn't the one that its record speaks of: it is damaged, and still another's.
    const record = await run.opened.recordOf(entry);
    if (record === undefined) continue;
    const ownerOf = await findOwners(
      { ...run.all, entries: [{ ...entry, record }] },
      { ...repository, backups: run.context.backups },
    );
    const owner = ownerOf({ ...entry, record });
    if (owner === 'this' && isOfAnotherPoint(record, run)) {
      throw anotherPointsEntry({ source, path: run.store.nameOf(entry.name), stamp: run.stamp });
    }
    if (owner === 'this' || (owner === 'unclear' && !isOfAnotherSource({ record }, run))) continue;
    throw othersEntry({ source, path: run.store.nameOf(entry.name), record, repository });
  }
}

function othersEntry({
  source,
  path,
  record,
  repository,
}: {
  readonly source: string;
  readonly path: string;
  readonly record: BlobRecord;
  readonly repository: OwningRepository;
}): Failure {
  const of = record.repositoryPath ?? record.repository;
  const whose = of === null ? 'no repository' : `another repository, "${of}"`;
  const isCopy = record.repository === repository.id;
  const copy = isCopy ? `, or, if "${of}" is an old copy of "${repository.path}", remove it` : '';
  return new Failure(
    'refused',
    `Cannot back up the blobs in "${source}" to "${path}": that already exists, and belongs to ${whose}`,
    {
      hint: `Give each site its own folder for blob backups (blobbackuplocation)${copy}. Nothing was replaced or removed.`,
    },
  );
}

/** Nobody can tell what there is to restore of the one that is gone: it doesn't go for a new one. */
function anotherPointsEntry({
  source,
  path,
  stamp,
}: {
  readonly source: string;
  readonly path: string;
  readonly stamp: Stamp;
}): Failure {
  return new Failure(
    'refused',
    `Cannot back up the blobs in "${source}" to "${path}": that already exists, and belongs to another Data.fs backup of the same date, ${stamp}`,
    {
      hint: `Move "${path}" away, and run the backup again. Nothing was replaced or removed.`,
    },
  );
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

function warnOfForeign({ foreign, store }: BlobCatalogue, { onEvent }: JobContext): void {
  const directories = [...new Set(foreign.map(({ base }) => base))];
  if (directories.length === 0) return;
  onEvent({ kind: 'warning', code: 'other-blob-backups', folder: store.name, directories });
}

async function linkLatest(
  result: BlobBackupResult,
  { settings, store, context }: BlobRun,
): Promise<void> {
  const { format, folder } = settings;
  const hasLatest = format.kind !== 'incremental-archives' && format.naming === 'stamps';
  const outcome = await pointLatest(store, hasLatest ? result.name : undefined);
  if (outcome === 'set') context.onEvent({ kind: 'latest-set', folder, name: result.name });
  if (outcome === 'other') {
    context.onEvent({ kind: 'warning', code: 'latest-is-no-link', path: store.nameOf(LATEST) });
  }
}
