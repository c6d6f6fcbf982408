import type { BlobCatalogue, BlobEntry } from '../../../blobs/layout/catalogue.ts';
import type { BlobChoice } from '../../../blobs/layout/choose.ts';
import type { LostBlobs } from '../../../blobs/layout/record.ts';
import { someOf } from '../../../blobs/layout/summarize-names.ts';
import { newestThatTells, survivingCopyOf } from '../../../blobs/ownership/surviving-copy.ts';
import { pathsOfBlob } from '../../../filestorage/blob-layout.ts';
import type { Store } from '../../../stores/store.ts';
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
      const holder = survivingCopyOf(lost, catalogue);
      found.push({
        kind: 'warning',
        code: 'blobs-lacking',
        entry: store.nameOf(choice.entry.name),
        how: await howItLacks(choice, { lost, holder, store }),
        ...someOf(lost.paths, lost.count),
        holder: holder && { stamp: holder.stamp, path: store.nameOf(holder.name) },
      });
    }
  }
  return found;
}

async function howItLacks(
  { kind, entry: { name, base, record } }: BlobChoice,
  {
    lost,
    holder,
    store,
  }: {
    readonly lost: LostBlobs;
    readonly holder: BlobEntry | undefined;
    readonly store: Store;
  },
): Promise<WarningOf<'blobs-lacking'>['how']> {
  if (kind === 'directory') {
    const copy = store.tree(name).below(base);
    return (await hasOneOf(lost.paths, copy)) ? 'lack-or-differ' : 'lack';
  }
  if (record?.blobs === undefined) return 'may-lack';
  // Archives know of no other bytes; copies do.
  return holder?.form === 'archive' || holder?.form === 'delta' ? 'lack' : 'lack-or-differ';
}

/** Whether one of some blobs is in a copy, in either layout. */
async function hasOneOf(blobs: readonly string[], copy: TreeReader): Promise<boolean> {
  for (const path of blobs.flatMap(pathsOfBlob)) if (await copy.has(path)) return true;
  return false;
}

/** Archives of earlier versions were not held against what was backed up before: what is before them tells. */
function lostAt({ kind, entry }: BlobChoice, { entries }: BlobCatalogue): readonly LostBlobs[] {
  const telling =
    kind === 'directory'
      ? entry
      : newestThatTells(entries.filter(({ stamp }) => stamp <= entry.stamp));
  return telling?.record?.lost ?? [];
}
