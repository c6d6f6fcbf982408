import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type BlobEntry, readBlobCatalogue } from '../blobs/catalogue.ts';
import { type BlobChoice, chooseBlobs, type Wanted } from '../blobs/choose.ts';
import { treeIn } from '../blobs/tree-in.ts';
import type { BlobRevisions } from '../filestorage/audit/blob-revisions.ts';
import type { DraftFinding } from '../filestorage/audit/finding.ts';
import { FindingList } from '../filestorage/audit/finding.ts';
import {
  type BlobDirectory,
  type BlobLayout,
  blobPath,
  parseBlobPath,
  readBlobLayout,
} from '../filestorage/blob-layout.ts';
import { BLOB_CLASS_NAME } from '../filestorage/writer/object-state.ts';
import type { FileFinding } from '../repository/auditing.ts';
import { Failure } from '../system/failure.ts';
import type { JobContext } from './events.ts';
import { readArchive } from './read-archive.ts';
import { checkBesideArchives, compareCopy, countCopy } from './verify-blob-files.ts';

/** Where the blobs of a storage are, and where their backups. */
export interface BlobPlaces {
  /** The folder with the backups. */
  readonly folder: string;
  /** The live blob directory: its name is that of the backups. It need not be there. */
  readonly live: string;
  readonly preferred: Wanted['preferred'];
}

/** What a look at the blobs of a restore point has shown. */
export interface BlobFindings {
  readonly files: readonly FileFinding[];
  /** One for each record without a proper file. */
  readonly records: readonly DraftFinding[];
}

/**
 * Looks whether each blob record of a log has its file in the blob backup that belongs to the restore
 * point. All records count, not only the current ones: a server keeps the file of each until a pack
 * removes the record, too.
 */
export async function verifyBlobRecords(
  blobs: BlobRevisions,
  {
    places,
    moment,
    context,
  }: {
    readonly places: BlobPlaces;
    readonly moment: Wanted['moment'];
    readonly context: JobContext;
  },
): Promise<BlobFindings> {
  if (blobs.count === 0) return { files: [], records: [] };
  const { folder, live, preferred } = places;
  const { signal } = context;
  const bad = (file: string, state: string): FileFinding => ({ kind: 'bad', file, state });
  try {
    const catalogue = await readBlobCatalogue(folder, basename(live));
    const choice = chooseBlobs(catalogue, { moment, preferred });
    if (choice === undefined) {
      const state = `no blob backup in it belongs to this point, which has ${blobs.count} blob records`;
      return { files: [bad(folder, state)], records: [] };
    }
    const states = new RevisionStates(blobs);
    const looked = await look(choice, { folder, states, context });
    const files: FileFinding[] = [...looked, ...(await checkBesideArchives(choice, catalogue))];
    if (choice.match === 'earlier') {
      files.push({
        kind: 'note',
        file: join(folder, choice.entry.name),
        state: 'no blob backup belongs to this point; this one is the last before it',
      });
    }
    const voucher = states.hasEmpty
      ? await findVoucher(choice, { folder, live, files, signal })
      : undefined;
    const records = states.findings(voucher);
    if ([...files, ...records].every(({ kind }) => kind === 'note')) {
      files.push(...(await countCopy(choice, { folder, signal })));
    }
    return { files, records };
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'damaged') throw error;
    return { files: [bad(folder, error.message)], records: [] };
  }
}

const MISSING = 0;
const PRESENT = 1;
const EMPTY = 2;
const DIFFERING = 3;
/** It is empty, and was not. */
const EMPTIED = 4;

/** What is known of the file of each blob record: a byte each. */
class RevisionStates {
  readonly blobs: BlobRevisions;
  readonly #states: Uint8Array;
  hasEmpty = false;

  constructor(blobs: BlobRevisions) {
    this.blobs = blobs;
    this.#states = new Uint8Array(blobs.count);
  }

  found(row: number, sizeBytes: number): void {
    this.#states[row] = sizeBytes === 0 ? EMPTY : PRESENT;
    if (sizeBytes === 0) this.hasEmpty = true;
  }

  /** Its bytes are not those that were backed up. */
  differs(row: number): void {
    this.#states[row] = this.#states[row] === EMPTY ? EMPTIED : DIFFERING;
  }

  /** Empty files that are what was backed up are right. */
  vouch(isRight: (row: number) => boolean): void {
    if (!this.hasEmpty) return;
    let isUnknown = false;
    for (const [row, state] of this.#states.entries()) {
      if (state !== EMPTY) continue;
      if (isRight(row)) this.#states[row] = PRESENT;
      else isUnknown = true;
    }
    this.hasEmpty = isUnknown;
  }

  isMissing(row: number): boolean {
    return this.#states[row] === MISSING;
  }

  /** Takes back what is not in `others`. */
  keepOnly(others: ReadonlySet<number>): void {
    for (let row = 0; row < this.#states.length; row++) {
      if (!others.has(row)) this.#states[row] = MISSING;
    }
  }

  findings(voucher: Voucher | undefined): readonly DraftFinding[] {
    const list = new FindingList();
    for (const [row, state] of this.#states.entries()) {
      if (state === PRESENT) continue;
      const { oid, tid } = this.blobs.revision(row);
      const names = { oid, className: BLOB_CLASS_NAME, transaction: { tid, user: undefined } };
      if (state === MISSING) {
        list.add('blob', () => ({ ...names, state: 'its file is missing in the blob backup' }));
        continue;
      }
      if (state === DIFFERING || state === EMPTIED) {
        const what =
          state === EMPTIED
            ? 'its file is empty, and was not when it was backed up'
            : 'its file is not what was backed up: its sha256 is another';
        list.add('blob', () => ({ ...names, state: what }));
        continue;
      }
      const verdict = voucher?.(row, this.blobs) ?? { kind: 'unknown' };
      switch (verdict.kind) {
        case 'empty':
          break;
        case 'was-empty':
          list.addNote('blob', () => ({
            ...names,
            state: 'its file is empty, and was so when it was backed up',
          }));
          break;
        case 'larger':
          list.add('blob', () => ({
            ...names,
            state: `its file is empty; the live blob directory has ${verdict.sizeBytes} bytes of it`,
          }));
          break;
        case 'unknown':
          list.add('blob', () => ({
            ...names,
            state: 'its file is empty, and nothing says that it should be',
          }));
          break;
        default:
          verdict satisfies never;
      }
    }
    return list.drafts();
  }
}

/** Looks at the chosen backup; what is wrong with its files is the result. */
async function look(
  choice: BlobChoice,
  {
    folder,
    states,
    context,
  }: {
    readonly folder: string;
    readonly states: RevisionStates;
    readonly context: JobContext;
  },
): Promise<readonly FileFinding[]> {
  switch (choice.kind) {
    case 'directory': {
      const path = await treeIn(choice.entry, folder);
      const directory = { path, layout: await layoutOf(path) };
      await lookInDirectory(directory, { states, signal: context.signal });
      return compareRevisions(choice.entry, { folder, directory, states, context });
    }
    case 'archives':
      return lookInArchives(choice, { folder, states, context });
    default:
      return choice satisfies never;
  }
}

/** A directory that doesn't say so is recognised as ZODB does: the root's bushy path, or lawn. */
async function layoutOf(path: string): Promise<BlobLayout> {
  const named = await readBlobLayout(path);
  if (named !== undefined) return named;
  const status = await stat(join(path, '0x00/0x00')).catch(() => undefined);
  return status?.isDirectory() === true ? 'bushy' : 'lawn';
}

/** Files between two looks at whether somebody wants to stop. */
const YIELD_EVERY = 500;

/** Synchronous calls in small portions: through the thread pool, each would cost several times as much. */
async function lookInDirectory(
  directory: BlobDirectory,
  { states, signal }: { readonly states: RevisionStates; readonly signal: AbortSignal },
): Promise<void> {
  for (let row = 0; row < states.blobs.count; row++) {
    if (row % YIELD_EVERY === 0) {
      signal.throwIfAborted();
      await new Promise(setImmediate);
    }
    const sizeBytes = sizeOfBlob(directory, { row, blobs: states.blobs });
    if (sizeBytes !== undefined) states.found(row, sizeBytes);
  }
}

function sizeOfBlob(
  { path, layout }: BlobDirectory,
  { row, blobs }: { readonly row: number; readonly blobs: BlobRevisions },
): number | undefined {
  const status = statSync(join(path, blobPath(layout, blobs.revision(row))), {
    throwIfNoEntry: false,
  });
  return status?.isFile() === true ? status.size : undefined;
}

/** Holds every file of a copy against its sum, whether a blob record speaks of it or not. */
async function compareRevisions(
  entry: BlobEntry,
  {
    folder,
    directory,
    states,
    context,
  }: {
    readonly folder: string;
    readonly directory: BlobDirectory;
    readonly states: RevisionStates;
    readonly context: JobContext;
  },
): Promise<readonly FileFinding[]> {
  const compared = await compareCopy(entry, { folder, tree: directory.path, context });
  const files: FileFinding[] = [...compared.files];
  const add = (path: string, state: string) =>
    files.push({ kind: 'bad', file: join(directory.path, path), state });
  const rowOf = (path: string) => {
    const revision = parseBlobPath(path);
    return revision === undefined ? undefined : states.blobs.find(revision);
  };
  for (const path of compared.differing) {
    const row = rowOf(path);
    if (row === undefined) add(path, 'it is not what was backed up: its sha256 is another');
    else states.differs(row);
  }
  for (const path of compared.missing) {
    const row = rowOf(path);
    if (row === undefined) add(path, 'it is missing');
    else if (!states.isMissing(row)) states.differs(row);
  }
  states.vouch((row) => {
    const path = blobPath(directory.layout, states.blobs.revision(row));
    return compared.sums?.find(path) !== undefined;
  });
  return files;
}

async function lookInArchives(
  { chain }: Extract<BlobChoice, { kind: 'archives' }>,
  {
    folder,
    states,
    context,
  }: {
    readonly folder: string;
    readonly states: RevisionStates;
    readonly context: JobContext;
  },
): Promise<readonly FileFinding[]> {
  const files: FileFinding[] = [];
  const listed = new Set<number>();
  for (const { name, record } of chain) {
    const path = join(folder, name);
    const isLast = name === chain.at(-1)?.name;
    try {
      const { sha256 } = await readArchive(path, {
        context,
        onFile: (file, sizeBytes) => {
          const revision = parseBlobPath(file);
          const row = revision === undefined ? undefined : states.blobs.find(revision);
          if (row !== undefined) states.found(row, sizeBytes);
        },
        // The last archive of a chain lists what there was; unpacking it removes all else.
        ...(isLast && {
          onFolder: (found) => {
            for (const file of [...found.saved, ...found.unchanged]) {
              const revision = parseBlobPath(join(found.path, file));
              const row = revision === undefined ? undefined : states.blobs.find(revision);
              if (row !== undefined) listed.add(row);
            }
          },
        }),
      });
      if (record?.archive !== undefined && record.archive.sha256 !== sha256) {
        files.push({ kind: 'bad', file: path, state: 'its sha256 is not the one in its .json' });
      }
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'damaged') throw error;
      files.push({ kind: 'bad', file: path, state: error.message });
    }
  }
  if (chain.length > 1) states.keepOnly(listed);
  return files;
}

/** Whether an empty file of a blob backup is as it should be. */
type EmptyVerdict =
  /** The live blob is empty, too. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'larger'; readonly sizeBytes: number }
  | { readonly kind: 'was-empty' }
  | { readonly kind: 'unknown' };

type Voucher = (row: number, blobs: BlobRevisions) => EmptyVerdict;

/**
 * The Data.fs doesn't say how large a blob is, and an empty one is legal. What tells: the same revision
 * in the live blob directory, which never changes; or else that the backup as a whole is still what was
 * counted when it was made.
 */
async function findVoucher(
  choice: BlobChoice,
  {
    folder,
    live,
    files,
    signal,
  }: {
    readonly folder: string;
    readonly live: string;
    readonly files: readonly FileFinding[];
    readonly signal: AbortSignal;
  },
): Promise<Voucher> {
  const otherwise: EmptyVerdict = (await isAsCounted(choice, { folder, files, signal }))
    ? { kind: 'was-empty' }
    : { kind: 'unknown' };
  const directory = { path: live, layout: await layoutOf(live) };
  return (row, blobs) => {
    const sizeBytes = sizeOfBlob(directory, { row, blobs });
    if (sizeBytes === undefined) return otherwise;
    return sizeBytes === 0 ? { kind: 'empty' } : { kind: 'larger', sizeBytes };
  };
}

async function isAsCounted(
  choice: BlobChoice,
  {
    folder,
    files,
    signal,
  }: {
    readonly folder: string;
    readonly files: readonly FileFinding[];
    readonly signal: AbortSignal;
  },
): Promise<boolean> {
  switch (choice.kind) {
    case 'directory':
      return (
        choice.entry.record?.content !== undefined &&
        (await countCopy(choice, { folder, signal })).length === 0
      );
    case 'archives':
      return (
        choice.chain.every(({ record }) => record?.archive !== undefined) &&
        files.every(({ kind }) => kind === 'note')
      );
    default:
      return choice satisfies never;
  }
}
