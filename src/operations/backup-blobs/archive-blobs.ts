import { lstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withoutMovedFolders } from '../../blobs/archive/snapshot-file.ts';
import { writeArchive } from '../../blobs/archive/tar.ts';
import { refuseTaken, removeEntry } from '../../blobs/layout/blob-folder.ts';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import { type ArchiveCompression, archiveName, entryStem } from '../../blobs/layout/entry-name.ts';
import { describeFile, readEdges, recordPath, writeRecord } from '../../blobs/layout/record.ts';
import { nameSome } from '../../blobs/layout/summarize-names.ts';
import { blobsNotIn, parseBlobPath } from '../../filestorage/blob-layout.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { adopting, Failure } from '../../system/failure.ts';
import { NewFile } from '../../system/files/new-file.ts';
import { confirmFile } from '../../system/files/read-back.ts';
import { programEvents, withStep } from '../run/events.ts';
import { readArchive } from '../run/read-archive.ts';
import type { BlobBackupResult, BlobRun } from './blob-backup.ts';
import { heldOf } from './lost-blobs.ts';
import { stillSpecial, warnOfSpecial } from './special-files.ts';

/** Times that a live directory may change under tar's hands. */
const ATTEMPTS = 3;

/** GNU tar's state of a chain, the stamp at which that begins, and the archive it speaks of. */
export interface ChainState {
  readonly path: string;
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
  const stem = entryStem(run.base, run.mark(naming));
  if (naming === 'stamps') {
    const there = await findGoodArchive(run);
    if (there !== undefined) return run.thereAlready(there);
  }
  const name = archiveName(stem, { form: 'archive', compression });
  return writeOneArchive(run, {
    name,
    compression,
    beforePublishing: async () => {
      if (naming === 'numbers') await run.rotate('archives');
    },
  });
}

/** An archive of this stamp that is known to be complete, or is found to be by reading it. */
export async function findGoodArchive(run: BlobRun): Promise<BlobEntry | undefined> {
  const { folder } = run.settings;
  for (const entry of [...run.entries('delta'), ...run.entries('archive')]) {
    if (entry.mark.kind !== 'stamp' || entry.mark.stamp !== run.stamp) continue;
    const path = join(folder, entry.name);
    if (run.isOfAnotherSource(entry)) {
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
        : await readArchive(path, { context: run.context }).catch((error: unknown) => {
            if (error instanceof Failure && error.code === 'damaged') return undefined;
            throw error;
          });
    if (found === undefined) {
      run.spoilt.push(entry);
      run.context.onEvent({ kind: 'warning', code: 'archive-incomplete', path });
      continue;
    }
    const { edges } = await readEdges(path);
    const { files, bytes, sizeBytes, sha256 } = found;
    await writeRecord(
      recordPath(folder, entry),
      run.record({ content: { files, bytes }, archive: { sizeBytes, sha256, edges } }),
      run,
    );
    await run.opened.changed(entry.name);
    return entry;
  }
  return undefined;
}

/** Failure `refused` where the other blob directory has blobs that the Data.fs speaks of, and this one lacks. */
async function refuseFewerBlobs(run: BlobRun, entry: BlobEntry): Promise<void> {
  const path = join(run.settings.folder, entry.name);
  const paths: string[] = [];
  try {
    await readArchive(path, {
      context: run.context,
      onFile: (name) => paths.push(name),
      onFolder: ({ path: folder, unchanged }) => {
        for (const name of unchanged) paths.push(`${folder}${name}`);
      },
    });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'damaged') throw error;
    return;
  }
  const lacking = await blobsNotIn(run.source, {
    paths: paths.filter((one) => parseBlobPath(one) !== undefined),
    signal: run.context.signal,
  });
  const needed = await heldOf(run.settings.lasting, lacking);
  if (needed.length === 0) return;
  throw new Failure(
    'refused',
    `Cannot back up the blobs in "${run.source}": it lacks ${nameSome(needed)}, of which the Data.fs speaks, and "${path}", which was made of "${entry.record?.source}", has them`,
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
  const { folder } = run.settings;
  const path = join(folder, name);
  await refuseTaken(path, 'file');
  let without = stillSpecial(run, state?.continues?.record?.leftOut ?? []);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    await using archive = await NewFile.create(path, run);
    await using newState = state === undefined ? undefined : await NewFile.create(state.path, run);
    if (state?.continues !== undefined && newState !== undefined) {
      const bytes = await adopting(`read "${state.path}"`, () => readFile(state.path));
      await newState.write([withoutMovedFolders(bytes, (folder) => inodeIn(run.source, folder))]);
    }
    const written = await withStep(run.context, {
      step: 'archive-blobs',
      totalBytes: state?.continues === undefined ? run.expectedBytes : undefined,
      work: (progress) =>
        writeArchive(archive, {
          source: run.source,
          compression,
          state: newState?.temporaryPath,
          without,
          progress,
          ...programEvents(run.context),
        }),
    });
    if (written.kind === 'special') without = [...without, ...written.paths];
    if (written.kind !== 'written') continue;
    warnOfSpecial(run, without);
    await archive.complete();
    if (run.settings.confirmation === 'reread') {
      const { sizeBytes, sha256 } = written;
      const { signal } = run.context;
      await withStep(run.context, {
        step: 'confirm',
        totalBytes: sizeBytes,
        work: async ({ onFile, onBytes }) => {
          onFile(path);
          const said = { name: path, sizeBytes, sha256 };
          await confirmFile(archive.temporaryPath, { ...said, signal, onBytes });
        },
      });
    }
    await newState?.complete();
    const { edges } = await readEdges(archive.temporaryPath);
    const continues = state?.continues === undefined ? {} : { continues: state.continues.name };
    await beforePublishing();
    await writeRecord(
      recordPath(folder, { name, form: 'archive' }),
      run.record({
        content: written.content,
        ...(state === undefined ? {} : { whole: written.listed }),
        ...(without.length === 0 ? {} : { leftOut: without }),
        archive: { sizeBytes: written.sizeBytes, sha256: written.sha256, edges, ...continues },
      }),
      run,
    );
    await archive.publish();
    await run.opened.changed(name);
    if (newState !== undefined && state !== undefined) {
      await publishState(run, newState, { stamp: state.stamp, archive: name });
    }
    await removeSpoilt(run, name);
    const { content } = written;
    return { name, kind: 'made', stamp: run.stamp, content, hold: undefined };
  }
  throw new Failure(
    'program',
    `Cannot archive "${run.source}": files in it changed in each of ${ATTEMPTS} attempts`,
    { hint: 'Is a pack running? Run the command again later.' },
  );
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
    const fileNames = await removeEntry(run.opened, entry);
    const reason = run.isOfAnotherSource(entry)
      ? `it was made of another blob directory than "${replacedBy}"`
      : `it is not complete, and "${replacedBy}" is`;
    run.context.onEvent({ kind: 'files-removed', folder: run.settings.folder, fileNames, reason });
  }
}

/** After the archive: a state that knows less than the archives is made good by the next delta. */
async function publishState(
  run: BlobRun,
  file: NewFile,
  { stamp, archive }: { readonly stamp: Stamp; readonly archive: string },
): Promise<void> {
  const described = await describeFile(file.temporaryPath);
  const name = { name: basename(file.path), form: 'state' } as const;
  await file.publish();
  const record = { ...run.record({ archive: { ...described, continues: archive } }), stamp };
  await writeRecord(recordPath(run.settings.folder, name), record, run);
  await run.opened.changed(name.name);
}
