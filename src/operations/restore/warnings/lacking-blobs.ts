import { join } from 'node:path';
import type { BlobCatalogue } from '../../../blobs/layout/catalogue.ts';
import type { BlobChoice } from '../../../blobs/layout/choose.ts';
import type { LostBlobs } from '../../../blobs/layout/record.ts';
import { someOf } from '../../../blobs/layout/summarize-names.ts';
import { holderOf, newestRecordedCopy } from '../../../blobs/ownership/lost-blob-holder.ts';
import { findBlob } from '../../../filestorage/blob-layout.ts';
import type { WarningOf } from '../../run/warnings/warning.ts';
import type { SiteRestorePlan } from '../site-restore-plan.ts';

/** Blobs that the live site had lost when what is to be restored was backed up, and who has them. */
export function findLackingBlobs({
  blobs,
}: SiteRestorePlan): readonly WarningOf<'blobs-lacking'>[] {
  const found: WarningOf<'blobs-lacking'>[] = [];
  for (const { plan } of blobs) {
    const { choice, catalogue, settings } = plan;
    for (const lost of lostAt(choice, catalogue)) {
      const { name, base } = choice.entry;
      const entry = join(settings.folder, name);
      const isThere = (path: string) => findBlob(join(entry, base), path) !== undefined;
      const isArchive = choice.kind === 'archives';
      const holder = holderOf(lost, catalogue);
      found.push({
        kind: 'warning',
        code: 'blobs-lacking',
        entry,
        how: isArchive ? 'may-lack' : lost.paths.some(isThere) ? 'lack-or-differ' : 'lack',
        ...someOf(lost.paths, lost.count),
        holder: holder && { stamp: holder.stamp, path: join(settings.folder, holder.name) },
      });
    }
  }
  return found;
}

/** Archives are not held against what was backed up before: the copy before them tells what they may lack. */
function lostAt({ kind, entry }: BlobChoice, { entries }: BlobCatalogue): readonly LostBlobs[] {
  const copy =
    kind === 'directory'
      ? entry
      : newestRecordedCopy(entries.filter(({ stamp }) => stamp <= entry.stamp));
  return copy?.record?.lost ?? [];
}
