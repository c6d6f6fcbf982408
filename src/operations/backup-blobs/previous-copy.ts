import type { BlobSums } from '../../blobs/checksums/checksums.ts';
import { readSums } from '../../blobs/checksums/checksums-file.ts';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import { requireLocalFolder } from '../../stores/local-folder.ts';
import { type BlobRun, entriesOf, isSuspect } from './blob-run.ts';

/** The copy before, of which what is the same needn't be copied again. */
export interface PreviousCopy {
  readonly entry: BlobEntry;
  /** Its folder on this machine: what is the same is shared by hard links. */
  readonly tree: string;
  readonly sums: BlobSums | undefined;
  /** Whether it is this repository's; what another has serves to share files with. */
  readonly isOwn: boolean;
  /** Whether something wrong was found in it. */
  readonly isSuspect: boolean;
}

/** The newest copy, finished or not, and first of all one of this repository. */
export async function findPreviousCopy(run: BlobRun): Promise<PreviousCopy | undefined> {
  const { others } = run.catalogue;
  for (const entry of [...entriesOf(run, 'directory'), ...others]) {
    if (entry.form !== 'directory' || entry.base !== run.base) continue;
    const { name, base, record } = entry;
    const copy = run.store.tree(name);
    const tree = copy.below(base);
    if (!(await tree.isThere())) continue;
    const found = await readSums(copy, record);
    if (found.kind === 'damaged') {
      run.context.onEvent({
        kind: 'warning',
        code: 'blob-checksums-damaged',
        copy: copy.name,
        state: found.state,
      });
    }
    const sums = found.kind === 'found' ? found.sums : undefined;
    return {
      entry,
      tree: requireLocalFolder(tree),
      sums,
      isOwn: !others.includes(entry),
      isSuspect: isSuspect(entry, run),
    };
  }
  return undefined;
}
