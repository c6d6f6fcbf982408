import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobEntry } from '../blobs/catalogue.ts';
import type { BlobChoice } from '../blobs/choose.ts';
import { countTree } from '../blobs/copy-tree.ts';
import { isLeftOut } from '../blobs/left-out.ts';
import { readChain } from '../blobs/read-chain.ts';
import { extractArchive } from '../blobs/tar.ts';
import { adopting, Failure } from '../system/failure.ts';
import { type JobContext, programEvents, withStep } from './events.ts';
import { readArchive } from './read-archive.ts';

/** Whether a chain has all that its last archive lists; how many files that one holds. */
export async function checkArchives(
  { chain, entry }: Extract<BlobChoice, { kind: 'archives' }>,
  { folder, context }: { readonly folder: string; readonly context: JobContext },
): Promise<{ readonly files: number }> {
  const { archives, lacking } = await withStep(context, {
    step: 'verify',
    totalBytes: storedBytes(chain),
    work: (progress) => readChain(chain, { folder, signal: context.signal, progress }),
  });
  for (const [index, { name, record }] of chain.entries()) {
    if (record?.archive !== undefined && record.archive.sha256 !== archives[index]?.sha256) {
      throw incomplete(join(folder, name), 'its checksum is not the one that was recorded');
    }
  }
  if (lacking !== undefined) throw lacks(join(folder, entry.name), lacking);
  return { files: archives.at(-1)?.files ?? 0 };
}

/** Unpacks a chain into a new folder. Failure `damaged` where something is missing then. */
export async function extractChain(
  choice: Extract<BlobChoice, { kind: 'archives' }>,
  {
    folder,
    tree,
    files,
    context,
  }: {
    readonly folder: string;
    readonly tree: string;
    /** In the last archive. */
    readonly files: number;
    readonly context: JobContext;
  },
): Promise<void> {
  const { chain } = choice;
  const { signal } = context;
  await adopting(`create the folder "${tree}"`, () => mkdir(tree, { mode: 0o700 }));
  const kind = chain.length > 1 ? 'of-a-chain' : 'alone';
  const { onCommand } = programEvents(context);
  await withStep(context, {
    step: 'restore',
    totalBytes: storedBytes(chain),
    work: async (progress) => {
      for (const { name } of chain) {
        const how = { target: tree, kind, onCommand, signal, progress } as const;
        await extractArchive(join(folder, name), how);
      }
    },
  });
  const last = join(folder, choice.entry.name);
  if (kind === 'of-a-chain') return refuseGaps(last, { tree, context });
  const { content } = await countTree(tree, signal);
  if (content.files < files)
    throw incomplete(last, `tar unpacked ${content.files} of ${files} files`);
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
  { tree, context }: { readonly tree: string; readonly context: JobContext },
): Promise<void> {
  const listed: string[] = [];
  await readArchive(archive, {
    context,
    onFolder: ({ path, saved, unchanged }) => {
      const depth = path.split('/').filter((part) => part !== '' && part !== '.').length;
      for (const name of [...saved, ...unchanged]) {
        if (!isLeftOut(name, depth)) listed.push(join(path, name));
      }
    },
  });
  for (const path of listed) {
    // A link that leads nowhere was backed up as it is.
    if ((await lstat(join(tree, path)).catch(() => undefined)) !== undefined) continue;
    throw lacks(archive, path);
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
