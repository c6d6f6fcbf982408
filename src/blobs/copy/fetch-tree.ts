import { createHash } from 'node:crypto';
import { closeSync, fchmodSync, fchownSync, openSync } from 'node:fs';
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeEntry, TreeReader } from '../../stores/tree-reader.ts';
import { isFailure, withSystemErrors } from '../../system/failure.ts';
import { PRIVATE } from '../../system/files/rights.ts';
import { writeAllSync } from '../../system/files/write-all.ts';
import { drain, inParallel, tap } from '../../system/streams/pipeline.ts';
import type { WorkProgress } from '../../system/streams/progress.ts';
import type { BlobSums } from '../checksums/checksums.ts';
import type { ComparedTree } from '../checksums/tree-checksums.ts';
import { isUncommitted } from '../layout/uncommitted.ts';
import { ALL_RIGHTS, SET_BITS } from './file-attributes.ts';

/** How a tree of a store that is no folder is read. */
export interface TreeReading {
  /** Undefined: nothing is compared. */
  readonly sums: BlobSums | undefined;
  readonly signal: AbortSignal;
  readonly progress: WorkProgress;
}

/** Where its files go. */
export interface FetchTarget {
  /** The folder, which is made. */
  readonly folder: string;
  /** To whom all of it is given, by root; undefined: whoever runs this keeps it. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** Makes a file out of what this machine has, and tells its sha256; undefined: it has none with this content. */
  readonly share?: (content: string, path: string) => Promise<string | undefined>;
  /** Is told the sha256 of each file. */
  readonly onSum?: (file: FileEntry, sha256: string) => void;
}

/** Files that are asked for at once: a server answers each of them after a while. */
const AT_ONCE = 16;
/** Nobody else reads what lies in the folders of a blob directory (ZODB, `FilesystemHelper`). */
const FOLDER_RIGHTS = 0o700;

/**
 * Copies a tree out of a store that is no folder of this machine, several files at a time, and compares each with its
 * sum while it is written. Uncommitted blobs, links and special files are left out. A file that can't be read whole is
 * one that differs, or is missing. Failures: those of the system and of the store.
 */
export async function fetchTree(
  source: TreeReader,
  { target, ...reading }: TreeReading & { readonly target: FetchTarget },
): Promise<ComparedTree> {
  await makeFolder('', target);
  return await readFiles(source, {
    ...reading,
    onFolder: (path) => makeFolder(path, target),
    onSum: target.onSum ?? (() => {}),
    take: async (file, content) => {
      const path = join(target.folder, file.path);
      const { content: same } = file;
      const known = same === undefined ? undefined : await target.share?.(same, path);
      if (known !== undefined) return { kind: 'known', sha256: known };
      await writeFile(file, { content, target });
      return READ;
    },
  });
}

/** Reads each file of such a tree that has a sum, and compares. Failures: those of the store. */
export function compareStoredTree(
  source: TreeReader,
  { sums, ...reading }: TreeReading & { readonly sums: BlobSums },
): Promise<ComparedTree> {
  return readFiles(source, {
    ...reading,
    sums,
    onFolder: async () => {},
    onSum: () => {},
    take: async ({ path }, content) => {
      if (sums.find(path) === undefined) return { kind: 'left-alone' };
      await drain(content);
      return READ;
    },
  });
}

/** A file of a tree. */
export type FileEntry = Extract<TreeEntry, { kind: 'file' }>;

/** What became of the content of a file. */
type Taken =
  | { readonly kind: 'read' | 'left-alone' }
  /** Nobody had to read it. */
  | { readonly kind: 'known'; readonly sha256: string };

const READ: Taken = { kind: 'read' };

interface FileReading extends TreeReading {
  readonly onFolder: (path: string) => Promise<void>;
  readonly onSum: (file: FileEntry, sha256: string) => void;
  /** Reads the content to its end, or leaves it alone. */
  readonly take: (file: FileEntry, content: AsyncIterable<Uint8Array>) => Promise<Taken>;
}

async function readFiles(source: TreeReader, reading: FileReading): Promise<ComparedTree> {
  const { sums } = reading;
  const differing: string[] = [];
  const missing: string[] = [];
  // Paths of perhaps a million files take too much memory: one byte for each sum.
  const isThere = new Uint8Array(sums?.count ?? 0);
  const work = async (file: FileEntry) => {
    const { path } = file;
    const number = sums?.numberOf(path);
    const expected = number === undefined ? undefined : sums?.sha256At(number);
    return { path, number, state: await readFile(source, { file, expected, ...reading }) };
  };
  const files = filesOf(source, reading);
  for await (const { path, number, state } of inParallel(files, { limit: AT_ONCE, work })) {
    if (state === 'missing' && sums === undefined) missing.push(path);
    if (state !== 'missing' && number !== undefined) isThere[number] = 1;
    if (state === 'differs') differing.push(path);
  }
  let number = 0;
  for (const { path } of sums ?? []) {
    if (isThere[number++] === 0 && !isUncommitted(path)) missing.push(path);
  }
  return { differing: differing.sort(), missing: missing.sort() };
}

/** Folders come before what is in them: they are made on the way. */
async function* filesOf(source: TreeReader, { onFolder }: FileReading): AsyncGenerator<FileEntry> {
  for await (const entries of source.walk()) {
    for (const entry of entries) {
      if (entry.kind === 'folder') await onFolder(entry.path);
      if (entry.kind === 'file' && !isUncommitted(entry.path)) yield entry;
    }
  }
}

/** `same`: as far as there is something to compare it with. */
async function readFile(
  source: TreeReader,
  {
    file,
    expected,
    signal,
    progress,
    onSum,
    take,
  }: FileReading & { readonly file: FileEntry; readonly expected: string | undefined },
): Promise<'same' | 'differs' | 'missing'> {
  const { path } = file;
  const hash = createHash('sha256');
  let taken: Taken;
  progress.onFile(source.nameOf(path));
  try {
    const content = tap(source.read(path), (chunk) => {
      signal.throwIfAborted();
      hash.update(chunk);
      progress.onBytes(chunk.length);
    });
    taken = await take(file, content);
  } catch (error) {
    if (isFailure(error, 'not-found')) return 'missing';
    if (isFailure(error, 'damaged')) return 'differs';
    throw error;
  }
  if (taken.kind === 'left-alone') return 'same';
  const sha256 = taken.kind === 'known' ? taken.sha256 : hash.digest('hex');
  onSum(file, sha256);
  return sha256 === (expected ?? sha256) ? 'same' : 'differs';
}

async function makeFolder(path: string, { folder, owner }: FetchTarget): Promise<void> {
  const made = join(folder, path);
  await withSystemErrors(`create the folder "${made}"`, async () => {
    await mkdir(made, { mode: FOLDER_RIGHTS });
    if (owner !== undefined) await chown(made, owner.uid, owner.gid);
  });
}

/** Its rights come last: a blob may be written by nobody. */
async function writeFile(
  { path, mode }: FileEntry,
  {
    content,
    target: { folder, owner },
  }: { readonly content: AsyncIterable<Uint8Array>; readonly target: FetchTarget },
): Promise<void> {
  const made = join(folder, path);
  await withSystemErrors(`write "${made}"`, async () => {
    // Synchronous: for many small files, a call through the thread pool costs more than the call itself.
    const file = openSync(made, 'wx', PRIVATE.mode);
    try {
      for await (const chunk of content) writeAllSync(file, chunk);
      if (owner !== undefined) fchownSync(file, owner.uid, owner.gid);
      fchmodSync(file, mode & ALL_RIGHTS & ~SET_BITS);
    } finally {
      closeSync(file);
    }
  });
}
