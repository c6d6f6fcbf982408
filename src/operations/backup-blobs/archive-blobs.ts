import { lstatSync } from 'node:fs';
import { BlobTally } from '../../blobs/archive/blob-tally.ts';
import { withoutMovedFolders } from '../../blobs/archive/snapshot-file.ts';
import { type ArchiveAttempt, archiveDirectory } from '../../blobs/archive/tar.ts';
import { refuseTaken, removeEntry } from '../../blobs/layout/blob-folder.ts';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import {
  type ArchiveCompression,
  archiveName,
  entryStem,
  stateName,
} from '../../blobs/layout/entry-name.ts';
import { headAndTailHashIn } from '../../blobs/layout/head-and-tail-hash.ts';
import { describeFile, writeRecordBeside } from '../../blobs/layout/record.ts';
import { nameSome } from '../../blobs/layout/summarize-names.ts';
import { blobsNotIn } from '../../filestorage/blob-layout.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { requireLocalFolder, type StagedPath } from '../../stores/local-folder.ts';
import type { StagedFile } from '../../stores/store.ts';
import { Failure, isFailure } from '../../system/failure.ts';
import { collect } from '../../system/streams/pipeline.ts';
import { programEvents, withStep } from '../run/events.ts';
import { readArchive } from '../run/read-archive.ts';
import type { BlobBackupResult } from './blob-backup.ts';
import {
  type BlobRun,
  entriesOf,
  entryIdOf,
  isOfAnotherSource,
  makeRoomForFirst,
  recordBy,
  thereAlready,
} from './blob-run.ts';
import { findLostByArchive, warnOfLostBlobs } from './lost-blobs.ts';
import { archiveToCompare, blobsInArchive } from './lost-from-archive.ts';
import { heldOf } from './needed-blobs.ts';
import { stillSpecial, warnOfSpecial } from './special-files.ts';

/** Times that a live directory may change under tar's hands. */
const ATTEMPTS = 3;

/** GNU tar's state of a chain: the stamp at which that begins, and the archive it speaks of. */
export interface ChainState {
  readonly stamp: Stamp;
  readonly continues: BlobEntry | undefined;
}

/** Makes an entry that is a complete archive. */
export async function makeArchive(
  run: BlobRun,
  {
    naming,
    compression,
  }: {
    readonly naming: 'stamps' | 'numbers';
    readonly compression: ArchiveCompression;
  },
): Promise<BlobBackupResult> {
  const stem = entryStem(run.base, entryIdOf(run, naming));
  if (naming === 'stamps') {
    const there = await findGoodArchive(run);
    if (there !== undefined) return thereAlready(there, run);
  }
  const name = archiveName(stem, { form: 'archive', compression });
  return writeOneArchive(run, {
    name,
    compression,
    beforePublishing: async () => {
      if (naming === 'numbers') await makeRoomForFirst(run, 'archives');
    },
  });
}

/** An archive of this stamp that is known to be complete, or is found to be by reading it. */
export async function findGoodArchive(run: BlobRun): Promise<BlobEntry | undefined> {
  for (const entry of [...entriesOf(run, 'delta'), ...entriesOf(run, 'archive')]) {
    if (entry.id.kind !== 'stamp' || entry.id.stamp !== run.stamp) continue;
    const path = run.store.nameOf(entry.name);
    if (isOfAnotherSource(entry, run)) {
      await refuseFewerBlobs(run, entry);
      run.spoilt.push(entry);
      run.context.onEvent({
        kind: 'notice',
        code: 'blobs-of-another-source',
        path,
        source: entry.record?.source,
      });
      continue;
    }
    if (entry.record?.origin === 'made') return entry;
    const found =
      entry.recordedAs === 'other'
        ? undefined
        : await readArchive(entry.name, {
            store: run.store,
            context: run.context,
          }).catch((error: unknown) => {
            if (isFailure(error, 'damaged')) return undefined;
            throw error;
          });
    if (found === undefined) {
      run.spoilt.push(entry);
      run.context.onEvent({ kind: 'warning', code: 'archive-incomplete', path });
      continue;
    }
    const { edges } = await headAndTailHashIn(run.store, entry.name);
    const { files, bytes, sizeBytes, sha256 } = found;
    const record = recordBy(run, {
      content: { files, bytes },
      archive: { sizeBytes, sha256, edges },
    });
    await writeRecordBeside(run.store, entry.name, record);
    return entry;
  }
  return undefined;
}

/** Failure `refused` where the other blob directory has blobs that the Data.fs speaks of, and this one lacks. */
async function refuseFewerBlobs(run: BlobRun, entry: BlobEntry): Promise<void> {
  const path = run.store.nameOf(entry.name);
  const paths = (await blobsInArchive(run, entry)) ?? [];
  const lacking = await blobsNotIn(run.source, { paths, signal: run.context.signal });
  const needed = await heldOf(run.settings.expected, lacking);
  if (needed.length === 0) return;
  throw new Failure(
    'refused',
    `Cannot back up the blobs in "${run.source}": it lacks ${nameSome(needed)}, which the Data.fs needs. "${path}" has them, but it is a backup of "${entry.record?.source}"`,
    { hint: `Is blob_storage right? If those blobs are lost, move "${path}" away.` },
  );
}

/** Writes an archive, and what tar knows of its chain, if it is part of one. */
export async function writeOneArchive(
  run: BlobRun,
  {
    name,
    compression,
    state,
    beforePublishing = async () => {},
  }: {
    readonly name: string;
    readonly compression: ArchiveCompression;
    readonly state?: ChainState;
    readonly beforePublishing?: () => Promise<void>;
  },
): Promise<BlobBackupResult> {
  const { store } = run;
  await refuseTaken(store, { name, kind: 'file' });
  let without = stillSpecial(run, state?.continues?.record?.leftOut ?? []);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    await using newState = state === undefined ? undefined : await beginState(run, state);
    const blobs = new BlobTally();
    const before = archiveToCompare(run);
    const made = await stageArchive(run, {
      ...{ name, compression, state, newState, without },
      onBrought: (path) => {
        blobs.add(path);
        before?.now.add(path);
      },
    });
    await using archive = made.file;
    const { written } = made;
    if (written.kind === 'special') without = [...without, ...written.paths];
    if (written.kind !== 'written') continue;
    warnOfSpecial(run, without);
    if (run.settings.confirmation === 'reread') {
      const { sizeBytes } = written.archive;
      const { signal } = run.context;
      await withStep(run.context, {
        step: 'confirm',
        totalBytes: sizeBytes,
        work: async ({ onFile, onBytes }) => {
          onFile(store.nameOf(name));
          await archive.confirm({ signal, onBytes });
        },
      });
    }
    const lost = await findLostByArchive(run, before);
    await newState?.complete();
    await beforePublishing();
    const record = recordBy(run, {
      content: written.content,
      whole: state && written.listed,
      ...(without.length === 0 ? {} : { leftOut: without }),
      blobs: blobs.result,
      ...(lost.length === 0 ? {} : { lost }),
      archive: { ...written.archive, continues: state?.continues?.name },
    });
    await writeRecordBeside(store, name, record);
    await archive.publish();
    if (newState !== undefined && state !== undefined) {
      await publishState(run, newState, { stamp: state.stamp, archive: name });
    }
    await removeSpoilt(run, name);
    const { content } = written;
    const hold = await warnOfLostBlobs(run, lost);
    const newFiles = state?.continues === undefined ? undefined : content.files;
    return { name, kind: 'made', stamp: run.stamp, content, newFiles, hold };
  }
  throw new Failure(
    'program',
    `Cannot archive "${run.source}": files in it changed in each of ${ATTEMPTS} attempts`,
    { hint: 'Is a pack running? Run the command again later.' },
  );
}

/** A copy of the state of a chain, for tar to bring up to date; an empty one for a new chain. */
async function beginState(run: BlobRun, { stamp, continues }: ChainState): Promise<StagedPath> {
  const name = stateName(run.base, stamp);
  const inode = (folder: Buffer) => inodeIn(run.source, folder);
  const content =
    continues === undefined
      ? []
      : [withoutMovedFolders(await collect(run.store.read(name)), inode)];
  return await requireLocalFolder(run.store).stageFile(name, content);
}

/** What was staged, and whether it may be kept. */
async function stageArchive(
  run: BlobRun,
  {
    name,
    compression,
    state,
    newState,
    without,
    onBrought,
  }: {
    readonly name: string;
    readonly compression: ArchiveCompression;
    readonly state: ChainState | undefined;
    readonly newState: StagedPath | undefined;
    readonly without: readonly string[];
    readonly onBrought: (path: string) => void;
  },
): Promise<{ readonly file: StagedFile; readonly written: ArchiveAttempt }> {
  let written: ArchiveAttempt = { kind: 'changed' };
  const file = await withStep(run.context, {
    step: 'archive-blobs',
    totalBytes: state?.continues === undefined ? run.expectedBytes : undefined,
    work: (progress) => {
      const { source } = run;
      const how = { source, compression, state: newState?.path, without, onBrought };
      const content = archiveDirectory(
        { ...how, progress, ...programEvents(run.context) },
        (attempt) => {
          written = attempt;
        },
      );
      const willConfirm = run.settings.confirmation === 'reread';
      return run.store.stage(name, content, { willConfirm });
    },
  });
  return { file, written };
}

/** Of a folder as tar names it, from the blob directory on. */
function inodeIn(source: string, folder: Buffer): bigint | undefined {
  const path = Buffer.concat([Buffer.from(`${source}/`), folder]);
  const status = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return status?.isDirectory() === true ? status.ino : undefined;
}

async function removeSpoilt(run: BlobRun, replacedBy: string): Promise<void> {
  for (const entry of run.spoilt.splice(0)) {
    if (entry.name === replacedBy) continue;
    await removeEntry(run.store, entry);
    const fileNames = [entry.name];
    const kind = isOfAnotherSource(entry, run) ? 'other-source' : 'incomplete';
    const reason = { kind, replacedBy } as const;
    run.context.onEvent({ kind: 'files-removed', folder: run.settings.folder, fileNames, reason });
  }
}

/** After the archive: a state that knows less than the archives is made good by the next delta. */
async function publishState(
  run: BlobRun,
  state: StagedPath,
  { stamp, archive }: { readonly stamp: Stamp; readonly archive: string },
): Promise<void> {
  await state.publish();
  const described = await describeFile(run.store, state.name);
  const record = { ...recordBy(run, { archive: { ...described, continues: archive } }), stamp };
  await writeRecordBeside(run.store, state.name, record);
}
