import { join } from 'node:path';
import { strangeLinks } from '../../blobs/copy/additions.ts';
import { type TreeCounter, treeCounter } from '../../blobs/copy/count-tree.ts';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import { type BlobChoice, chooseBlobs, type Wanted } from '../../blobs/layout/choose.ts';
import { treeIn } from '../../blobs/layout/tree-in.ts';
import { readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import type { BlobRevisions } from '../../filestorage/audit/blob-revisions.ts';
import type { DraftFinding } from '../../filestorage/audit/finding.ts';
import { type BlobLayout, blobPath, parseBlobPath } from '../../filestorage/blob-layout.ts';
import type { Tid } from '../../filestorage/tid.ts';
import { folderTree } from '../../stores/folder-tree.ts';
import type { Store } from '../../stores/store.ts';
import type { TreeReader } from '../../stores/tree-reader.ts';
import { isFailure } from '../../system/failure.ts';
import { giveWay } from '../../system/streams/cooperative.ts';
import type { JobContext } from '../run/events.ts';
import { readArchive } from '../run/read-archive.ts';
import { RevisionStates } from './blob-file-states.ts';
import type { BlobFileFinding, BlobState } from './blob-finding.ts';
import { layoutOf } from './blob-sizes.ts';
import { findEmptyCheck } from './empty-blobs.ts';
import type { RestoredBlobs } from './restored-point.ts';
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
  readonly files: readonly BlobFileFinding[];
  /** One for each record without a proper file. */
  readonly records: readonly DraftFinding[];
  /** Whether nothing has changed since the backup: what is missing then, the site itself had lost. */
  readonly isAsBackedUp: boolean;
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
    repository,
    moment,
    restored,
    upTo,
    context,
  }: {
    readonly places: BlobPlaces;
    /** The folder with the Data.fs backups. */
    readonly repository: string;
    readonly moment: Wanted['moment'];
    /** What was restored of them: it is looked at. */
    readonly restored: RestoredBlobs | undefined;
    /** The last transaction of the log, where the backup of the blobs goes on behind it. */
    readonly upTo: Tid | undefined;
    readonly context: JobContext;
  },
): Promise<BlobFindings> {
  if (blobs.count === 0) return { files: [], records: [], isAsBackedUp: true };
  const { folder, live, preferred } = places;
  const { signal } = context;
  const bad = (file: string, state: BlobState): BlobFileFinding => ({ kind: 'bad', file, state });
  try {
    const catalogue = await readOwnBlobs(
      { source: live, folder },
      { repository, backups: context.backups },
    );
    const choice = restored?.choice ?? chooseBlobs(catalogue, { moment, preferred });
    if (choice === undefined) {
      const state = { kind: 'no-own-blobs', records: blobs.count } as const;
      return { files: [bad(folder, state)], records: [], isAsBackedUp: false };
    }
    const states = new RevisionStates(blobs);
    const count = treeCounter(signal);
    const { store } = catalogue;
    const looked = await look(choice, { store, restored, states, upTo, count, context });
    const beside = await checkBesideArchives(choice, { catalogue, signal });
    const files: BlobFileFinding[] = [...looked, ...beside];
    if (choice.match === 'earlier') {
      files.push({
        kind: 'note',
        file: store.nameOf(choice.entry.name),
        state: { kind: 'made-before' },
      });
    }
    const emptyCheck = states.hasEmpty
      ? await findEmptyCheck(choice, { store, live, files, count })
      : undefined;
    const records = states.findings(emptyCheck);
    const counted = restored === undefined ? await countCopy(choice, { store, count }) : [];
    if ([...files, ...records].every(({ kind }) => kind === 'note')) files.push(...counted);
    const isAsBackedUp =
      choice.match === 'exact' &&
      choice.entry.record !== undefined &&
      ![...files, ...counted].some(({ kind }) => kind === 'bad') &&
      states.lacksAtMost;
    return { files, records, isAsBackedUp };
  } catch (error) {
    if (!isFailure(error, 'damaged')) throw error;
    return {
      files: [bad(folder, { kind: 'failed-read', message: error.message })],
      records: [],
      isAsBackedUp: false,
    };
  }
}

/** Looks at the chosen backup; what is wrong with its files is the result. */
async function look(
  choice: BlobChoice,
  {
    store,
    restored,
    states,
    upTo,
    count,
    context,
  }: {
    readonly store: Store;
    readonly restored: RestoredBlobs | undefined;
    readonly states: RevisionStates;
    readonly upTo: Tid | undefined;
    readonly count: TreeCounter;
    readonly context: JobContext;
  },
): Promise<readonly BlobFileFinding[]> {
  const { record } = choice.entry;
  switch (choice.kind) {
    case 'directory': {
      const tree =
        restored === undefined ? await treeIn(choice.entry, store) : folderTree(restored.tree);
      const directory = { tree, layout: await layoutOf(tree) };
      const links = await lookInDirectory(directory, {
        record,
        states,
        count,
        signal: context.signal,
      });
      const files = await compareRevisions(choice.entry, {
        store,
        directory,
        states,
        upTo,
        context,
      });
      return [...links, ...files];
    }
    case 'archives':
      if (restored !== undefined) {
        const tree = folderTree(restored.tree);
        const directory = { tree, layout: await layoutOf(tree) };
        return lookInDirectory(directory, { record, states, count, signal: context.signal });
      }
      return lookInArchives(choice, { store, states, context });
    default:
      return choice satisfies never;
  }
}

/** A copy of a blob directory, and how it is divided. */
interface CopiedDirectory {
  readonly tree: TreeReader;
  readonly layout: BlobLayout;
}

/** Revisions that are looked for before other work gets its turn. */
const ROWS_AT_ONCE = 64;

/**
 * Finds the file of each revision. What links that lead out of the directory lead to is in no backup, and doesn't count;
 * the result says so of those that it had when it was made: added ones are counted elsewhere.
 */
async function lookInDirectory(
  { tree, layout }: CopiedDirectory,
  {
    record,
    states,
    count,
    signal,
  }: {
    readonly record: BlobEntry['record'];
    readonly states: RevisionStates;
    readonly count: TreeCounter;
    readonly signal: AbortSignal;
  },
): Promise<readonly BlobFileFinding[]> {
  const { links } = await count(tree);
  const outward = await tree.leadingOut(links);
  const isInside = (path: string) => !outward.some((link) => `${path}/`.startsWith(`${link}/`));
  for (let from = 0; from < states.blobs.count; from += ROWS_AT_ONCE) {
    await giveWay(signal);
    const until = Math.min(from + ROWS_AT_ONCE, states.blobs.count);
    const rows: { row: number; path: string }[] = [];
    for (let row = from; row < until; row++) {
      const path = blobPath(layout, states.blobs.revision(row));
      if (isInside(path)) rows.push({ row, path });
    }
    const sizes = await tree.sizesOf(rows.map(({ path }) => path));
    for (const [index, { row }] of rows.entries()) {
      const sizeBytes = sizes[index];
      if (sizeBytes !== undefined) states.found(row, sizeBytes);
    }
  }
  const added = strangeLinks({ links: outward }, record);
  const copied = outward.filter((link) => !added.includes(link));
  if (copied.length === 0) return [];
  return [{ kind: 'bad', file: tree.name, state: { kind: 'outward-links', names: copied } }];
}

/** Holds every file of a copy against its sum, whether a blob record speaks of it or not. */
async function compareRevisions(
  entry: BlobEntry,
  {
    store,
    directory,
    states,
    upTo,
    context,
  }: {
    readonly store: Store;
    readonly directory: CopiedDirectory;
    readonly states: RevisionStates;
    readonly upTo: Tid | undefined;
    readonly context: JobContext;
  },
): Promise<readonly BlobFileFinding[]> {
  const compared = await compareCopy(entry, { store, tree: directory.tree, context });
  const files: BlobFileFinding[] = [...compared.files];
  const add = (path: string, kind: 'missing' | 'other-bytes') =>
    files.push({ kind: 'bad', file: directory.tree.nameOf(path), state: { kind } });
  const rowOf = (path: string) => {
    const revision = parseBlobPath(path);
    return revision === undefined ? undefined : states.blobs.find(revision);
  };
  for (const path of compared.differing) {
    const row = rowOf(path);
    if (row === undefined) add(path, 'other-bytes');
    else states.differs(row);
  }
  for (const path of compared.missing) {
    const row = rowOf(path);
    if (row === undefined && isLater(path, upTo)) continue;
    if (row === undefined) add(path, 'missing');
    else if (!states.isMissing(row)) states.differs(row);
  }
  states.confirmEmpty((row) => {
    const path = blobPath(directory.layout, states.blobs.revision(row));
    return compared.sums?.find(path) !== undefined;
  });
  return files;
}

/** What was committed later has no place in what was restored. */
function isLater(path: string, upTo: Tid | undefined): boolean {
  const tid = parseBlobPath(path)?.tid;
  return upTo !== undefined && tid !== undefined && tid > upTo;
}

async function lookInArchives(
  { chain }: Extract<BlobChoice, { kind: 'archives' }>,
  {
    store,
    states,
    context,
  }: {
    readonly store: Store;
    readonly states: RevisionStates;
    readonly context: JobContext;
  },
): Promise<readonly BlobFileFinding[]> {
  const files: BlobFileFinding[] = [];
  const listed = new Set<number>();
  for (const { name, record } of chain) {
    const path = store.nameOf(name);
    const isLast = name === chain.at(-1)?.name;
    try {
      const { sha256 } = await readArchive(name, {
        store,
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
        files.push({ kind: 'bad', file: path, state: { kind: 'other-sha256' } });
      }
    } catch (error) {
      if (!isFailure(error, 'damaged')) throw error;
      const state = { kind: 'failed-read', message: error.message } as const;
      files.push({ kind: 'bad', file: path, state });
    }
  }
  if (chain.length > 1) states.keepOnly(listed);
  return files;
}
