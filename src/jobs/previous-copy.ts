import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobEntry } from '../blobs/catalogue.ts';
import type { BlobSums } from '../blobs/sums.ts';
import { readSums } from '../blobs/sums-file.ts';
import type { BlobRun } from './blob-run.ts';

/** The copy before, of which what is the same needn't be copied again. */
export interface PreviousCopy {
  readonly entry: BlobEntry;
  readonly tree: string;
  readonly sums: BlobSums | undefined;
  /** Whether something wrong was found in it. */
  readonly isDoubted: boolean;
}

/** The newest copy, finished or not. */
export async function findPreviousCopy(run: BlobRun): Promise<PreviousCopy | undefined> {
  const { folder } = run.settings;
  for (const entry of run.entries('directory')) {
    const { name, base, record } = entry;
    const tree = join(folder, name, base);
    if (!(await isDirectory(tree))) continue;
    const found = await readSums(join(folder, name), record);
    if (found.kind === 'damaged') {
      run.context.onEvent({
        kind: 'warning',
        text: `the checksums of the files in "${join(folder, name)}" are ${found.state}; its files are compared with the live ones`,
      });
    }
    const sums = found.kind === 'found' ? found.sums : undefined;
    return { entry, tree, sums, isDoubted: run.isDoubted(entry) };
  }
  return undefined;
}

export async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}
