import type { BlobCatalogue } from '../../../blobs/layout/catalogue.ts';
import type { BlobChoice } from '../../../blobs/layout/choose.ts';
import type { LostBlobs } from '../../../blobs/layout/record.ts';
import { someOf } from '../../../blobs/layout/summarize-names.ts';
import { holderOf, newestRecordedCopy } from '../../../blobs/ownership/lost-blob-holder.ts';
import { pathsOfBlob } from '../../../filestorage/blob-layout.ts';
import type { TreeReader } from '../../../stores/tree-reader.ts';
import type { WarningOf } from '../../run/warnings/warning.ts';
import type { SiteRestorePlan } from '../site-restore-plan.ts';

/** Blobs that the live site had lost when what is to be restored was backed up, and who has them. */
export async function findLackingBlobs({
  blobs,
}: SiteRestorePlan): Promise<readonly WarningOf<'blobs-lacking'>[]> {
  const found: WarningOf<'blobs-lacking'>[] = [];
  for (const { plan } of blobs) {
    const { choice, catalogue } = plan;
    const { store } = catalogue;
    for (const lost of lostAt(choice, catalogue)) {
      const { name, base } = choice.entry;
      const copy = store.tree(name);
      const isArchive = choice.kind === 'archives';
      const holder = holderOf(lost, catalogue);
      found.push({
        kind: 'warning',
        code: 'blobs-lacking',
        entry: copy.name,
        how: isArchive
          ? 'may-lack'
          : (await hasOneOf(lost.paths, copy.below(base)))
            ? 'lack-or-differ'
            : 'lack',
        ...someOf(lost.paths, lost.count),
        holder: holder && { stamp: holder.stamp, path: store.nameOf(holder.name) },
      });
    }
  }
  return found;
}

/** Whether one of some blobs is in a copy, in either layout. */
async function hasOneOf(blobs: readonly string[], copy: TreeReader): Promise<boolean> {
  for (const path of blobs.flatMap(pathsOfBlob)) if (await copy.has(path)) return true;
  return false;
}

/** Archives are not held against what was backed up before: the copy before them tells what they may lack. */
function lostAt({ kind, entry }: BlobChoice, { entries }: BlobCatalogue): readonly LostBlobs[] {
  const copy =
    kind === 'directory'
      ? entry
      : newestRecordedCopy(entries.filter(({ stamp }) => stamp <= entry.stamp));
  return copy?.record?.lost ?? [];
}
