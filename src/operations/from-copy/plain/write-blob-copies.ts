import { join } from 'node:path';
import { BlobSums, encodeSums, SumDraft } from '../../../blobs/checksums/checksums.ts';
import { readSums, writeSums } from '../../../blobs/checksums/checksums-file.ts';
import { type FileEntry, fetchTree } from '../../../blobs/copy/fetch-tree.ts';
import { SharedFiles } from '../../../blobs/copy/shared-files.ts';
import { pointLatest } from '../../../blobs/layout/blob-folder.ts';
import { type EntryName, parseEntryName } from '../../../blobs/layout/entry-name.ts';
import { readRecord, writeRecordIn } from '../../../blobs/layout/record.ts';
import { treeIn } from '../../../blobs/layout/tree-in.ts';
import { type LocalFolder, requireLocalFolder } from '../../../stores/local-folder.ts';
import type { Store, StoredEntry } from '../../../stores/store.ts';
import { Failure } from '../../../system/failure.ts';
import { statOf } from '../../../system/files/presence.ts';
import type { Watch } from './write-files.ts';

/** From which folder to which one. */
interface Writing extends Watch {
  readonly source: Store;
  readonly target: Store;
  readonly folder: LocalFolder;
}

/**
 * Writes the copies of a blob directory that one store has to another one, oldest first, each beside the one before: what
 * they have in common is there once. One that is there is one that an earlier run has written whole. Failures: those of
 * the stores; `damaged` where a file isn't what was backed up.
 */
export async function writeBlobCopies(source: Store, target: Store, watch: Watch): Promise<void> {
  const writing = { ...watch, source, target, folder: requireLocalFolder(target) };
  const wanted = treesOf(await source.entries());
  const there = new Set(treesOf(await target.entries()).map(({ name }) => name));
  let before = new SharedFiles();
  for (const entry of wanted) {
    const isThere = there.delete(entry.name);
    before = isThere
      ? await filesOf(entry, writing)
      : await writeCopy(entry, { ...writing, before });
  }
  for (const name of there) await target.removeTree(name);
  const newest = wanted.at(-1);
  if (newest !== undefined) await pointLatest(target, newest.name);
}

/** Oldest first: their names have stamps. */
function treesOf(entries: readonly StoredEntry[]): readonly EntryName[] {
  return entries
    .flatMap(({ kind, name }) => (kind === 'tree' ? (parseEntryName(name, 'directory') ?? []) : []))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Gives the files that it has then. */
async function writeCopy(
  { name, base }: EntryName,
  {
    source,
    folder,
    before,
    signal,
    progress,
  }: Writing & {
    readonly before: SharedFiles;
  },
): Promise<SharedFiles> {
  const found = await readSums(source.tree(name), undefined);
  const draft = new SumDraft();
  const made = new SharedFiles();
  const place = join(folder.path, name, base);
  const onSum = ({ path, content }: FileEntry, sha256: string) => {
    draft.add({ path, sha256 });
    if (content !== undefined) made.add(content, { path: join(place, path), sha256 });
  };
  await using staged = await folder.stageTree(name);
  const { missing, differing } = await fetchTree(await treeIn({ name, base }, source), {
    ...{ signal, progress },
    sums: found.kind === 'found' ? found.sums : undefined,
    target: {
      folder: join(staged.path, base),
      owner: await ownerOf(folder),
      share: (content, path) => before.share(content, path),
      onSum,
    },
  });
  const [first, ...others] = [...missing, ...differing];
  if (first !== undefined)
    throw damaged(source.tree(name).nameOf(join(base, first)), others.length);
  const sums = await writeSums(staged, new BlobSums(encodeSums(draft.pieces)));
  const record = await readRecord(source, { name, form: 'directory' });
  if (record !== undefined) await writeRecordIn(staged, { ...record, sums });
  await staged.complete();
  await staged.publish();
  return made;
}

/** The files of a copy that is there already. */
async function filesOf(
  { name, base }: EntryName,
  { source, target, folder }: Writing,
): Promise<SharedFiles> {
  const files = new SharedFiles();
  const found = await readSums(target.tree(name), undefined);
  if (found.kind !== 'found') return files;
  for await (const entries of (await treeIn({ name, base }, source)).walk()) {
    for (const one of entries) {
      if (one.kind !== 'file' || one.content === undefined) continue;
      const sha256 = found.sums.find(one.path);
      const path = join(folder.path, name, base, one.path);
      if (sha256 !== undefined) files.add(one.content, { path, sha256 });
    }
  }
  return files;
}

/** What root writes belongs to whom the folder does. */
async function ownerOf({ path }: LocalFolder) {
  return process.getuid?.() === 0 ? await statOf(path) : undefined;
}

function damaged(path: string, others: number): Failure {
  const more = others === 0 ? '' : `, and ${others} more like it`;
  return new Failure(
    'damaged',
    `Cannot write the backups: "${path}" is missing, or not what was backed up${more}`,
    {
      hint: 'Verify the copy: that shows what is damaged. All other restore points can still be restored from it.',
    },
  );
}
