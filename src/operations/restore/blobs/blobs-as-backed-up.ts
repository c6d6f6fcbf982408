import { readSums } from '../../../blobs/checksums/checksums-file.ts';
import { compareTree } from '../../../blobs/checksums/tree-checksums.ts';
import { isExcluded } from '../../../blobs/layout/exclusions.ts';
import { treeIn } from '../../../blobs/layout/tree-in.ts';
import { folderTree } from '../../../stores/folder-tree.ts';
import { giveWay } from '../../../system/streams/cooperative.ts';
import { type JobContext, withStep } from '../../run/events.ts';
import type { BlobRestorePlan } from '../blob-restore-plan.ts';
import type { SiteRestorePlan } from '../site-restore-plan.ts';

/**
 * A plan without the blob directories that are what it would make of them. Only where no Data.fs is replaced: a pack of
 * the restored one may take blobs away, and who undoes that restore needs them.
 */
export async function withoutBlobsAsBackedUp(
  plan: SiteRestorePlan,
  context: JobContext,
): Promise<SiteRestorePlan> {
  if (plan.filestorages.length > 0) return plan;
  const blobs: SiteRestorePlan['blobs'][number][] = [];
  for (const one of plan.blobs) {
    const { target, choice } = one.plan;
    if (!(await areAsBackedUp(one.plan, context))) blobs.push(one);
    else context.onEvent({ kind: 'blobs-as-backed-up', target, entry: choice.entry.name });
  }
  return { ...plan, blobs };
}

/**
 * Whether the live blobs have the bytes, the rights and the times of a copy, and nothing else is there. Of archives, and
 * of copies without checksums, that isn't found out. Failures: those of the system.
 */
async function areAsBackedUp(
  { choice: { kind, entry }, catalogue: { store }, target, replaces }: BlobRestorePlan,
  context: JobContext,
): Promise<boolean> {
  const { signal } = context;
  const expected = entry.record?.content;
  if (kind !== 'directory' || !replaces || expected === undefined) return false;
  if ((await countBackedUp(target, signal)) !== expected.files) return false;
  const { localFolder: like } = await treeIn(entry, store);
  const found = await readSums(store.tree(entry.name), entry.record);
  if (like === undefined || found.kind !== 'found') return false;
  const { sums } = found;
  if (sums.count !== expected.files) return false;
  const { missing, differing } = await withStep(context, {
    step: 'verify',
    totalBytes: expected.bytes,
    work: (progress) => compareTree(target, { sums, like, signal, progress }),
  });
  return missing.length + differing.length === 0;
}

/** Files of a live blob directory that a backup would have; undefined where there are also links, or pipes and the like. */
async function countBackedUp(folder: string, signal: AbortSignal): Promise<number | undefined> {
  let files = 0;
  for await (const entries of folderTree(folder).walk()) {
    for (const { kind, path } of entries) {
      if (kind === 'folder' || path.split('/').some(isExcluded)) continue;
      if (kind !== 'file') return undefined;
      files += 1;
    }
    await giveWay(signal);
  }
  return files;
}
