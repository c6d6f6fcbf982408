import { lstat, mkdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readChain } from '../../../blobs/archive/read-chain.ts';
import { extractArchive } from '../../../blobs/archive/tar.ts';
import { type CountedTree, countTree } from '../../../blobs/copy/count-tree.ts';
import type { BlobEntry } from '../../../blobs/layout/catalogue.ts';
import type { BlobChoice } from '../../../blobs/layout/choose.ts';
import { isExcluded } from '../../../blobs/layout/exclusions.ts';
import { someOf } from '../../../blobs/layout/summarize-names.ts';
import { folderTree } from '../../../stores/folder-tree.ts';
import type { Store } from '../../../stores/store.ts';
import { Failure, withSystemErrors } from '../../../system/failure.ts';
import { type JobContext, programEvents, withStep } from '../../run/events.ts';
import { readArchive } from '../../run/read-archive.ts';

/** Whether a chain has all that its last archive lists; how many files that one holds. */
export async function checkArchives(
  { chain, entry }: Extract<BlobChoice, { kind: 'archives' }>,
  { store, context }: { readonly store: Store; readonly context: JobContext },
): Promise<{ readonly files: number }> {
  const { archives, lacking } = await withStep(context, {
    step: 'verify',
    totalBytes: storedBytes(chain),
    work: (progress) => readChain(chain, { store, signal: context.signal, progress }),
  });
  for (const [index, { name, record }] of chain.entries()) {
    if (record?.archive !== undefined && record.archive.sha256 !== archives[index]?.sha256) {
      throw incomplete(store.nameOf(name), 'its checksum is not the one that was recorded');
    }
  }
  if (lacking !== undefined) throw lacks(store.nameOf(entry.name), lacking);
  return { files: archives.at(-1)?.files ?? 0 };
}

/** Unpacks a chain into a new folder. Failure `damaged` where something is missing then. */
export async function extractChain(
  choice: Extract<BlobChoice, { kind: 'archives' }>,
  {
    store,
    tree,
    files,
    context,
  }: {
    readonly store: Store;
    readonly tree: string;
    /** In the last archive. */
    readonly files: number;
    readonly context: JobContext;
  },
): Promise<void> {
  const { chain } = choice;
  const { signal } = context;
  await withSystemErrors(`create the folder "${tree}"`, () => mkdir(tree, { mode: 0o700 }));
  const kind = chain.length > 1 ? 'of-a-chain' : 'alone';
  const { onCommand } = programEvents(context);
  await withStep(context, {
    step: 'restore',
    totalBytes: storedBytes(chain),
    work: async (progress) => {
      for (const { name } of chain) {
        const how = { target: tree, kind, onCommand, signal, progress } as const;
        await using archive = await store.open(name);
        await extractArchive(archive, how);
      }
    },
  });
  const last = store.nameOf(choice.entry.name);
  const leftOut = choice.entry.record?.leftOut ?? [];
  if (kind === 'of-a-chain') await refuseGaps(choice.entry.name, { store, tree, leftOut, context });
  const counted = await countTree(folderTree(tree), signal);
  await removeOthers(counted, { tree, archive: last, context });
  const { content } = counted;
  if (kind === 'alone' && content.files < files)
    throw incomplete(last, `tar unpacked ${content.files} of ${files} files`);
}

/** Removes what an archive of the recipe, or of an older version, may hold and no blob directory needs. */
async function removeOthers(
  { uncommitted, special }: CountedTree,
  {
    tree,
    archive,
    context: { onEvent },
  }: { readonly tree: string; readonly archive: string; readonly context: JobContext },
): Promise<void> {
  for (const path of [...uncommitted.paths, ...special]) {
    await withSystemErrors(`remove "${join(tree, path)}"`, () => unlink(join(tree, path)));
  }
  if (special.length === 0) return;
  onEvent({
    kind: 'warning',
    code: 'archived-special-files-not-restored',
    archive,
    ...someOf(special),
  });
}

/** Undefined where not all of them have a record that tells. */
function storedBytes(chain: readonly BlobEntry[]): number | undefined {
  const sizes = chain.map(({ record }) => record?.archive?.sizeBytes);
  return sizes.reduce<number | undefined>(
    (sum, size) => (sum === undefined || size === undefined ? undefined : sum + size),
    0,
  );
}

/** The last archive lists every file that there was: none may be missing after tar's work. */
async function refuseGaps(
  archive: string,
  {
    store,
    tree,
    leftOut,
    context,
  }: {
    readonly store: Store;
    readonly tree: string;
    readonly leftOut: readonly string[];
    readonly context: JobContext;
  },
): Promise<void> {
  const listed: string[] = [];
  await readArchive(archive, {
    store,
    context,
    onFolder: ({ path, saved, unchanged }) => {
      const depth = path.split('/').filter((part) => part !== '' && part !== '.').length;
      for (const name of [...saved, ...unchanged]) {
        if (isExcluded(name, depth) || leftOut.includes(path + name)) continue;
        listed.push(join(path, name));
      }
    },
  });
  for (const path of listed) {
    // A link that leads nowhere was backed up as it is.
    if ((await lstat(join(tree, path)).catch(() => undefined)) !== undefined) continue;
    throw lacks(store.nameOf(archive), path);
  }
}

function lacks(archive: string, path: string): Failure {
  return incomplete(archive, `files that it lists are in none of its chain, as "${path}"`);
}

function incomplete(path: string, state: string): Failure {
  return new Failure('damaged', `Cannot restore "${path}": ${state}`, {
    hint: 'Nothing was replaced. Restore to another date.',
  });
}
