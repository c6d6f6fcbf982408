import { join } from 'node:path';
import type { BlobCatalogue } from '../blobs/catalogue.ts';
import type { BlobChoice } from '../blobs/choose.ts';
import { holderOf, newestRecordedCopy } from '../blobs/holder.ts';
import { nameSome } from '../blobs/name-some.ts';
import type { LostBlobs } from '../blobs/record.ts';
import { findBlob } from '../filestorage/blob-layout.ts';
import type { JobEvent } from './events.ts';
import type { SiteRestorePlan } from './plan-site-restore.ts';

/** Blobs that the live site had lost when what is to be restored was backed up, and who has them. */
export function findLackingBlobs({
  blobs,
}: SiteRestorePlan): readonly Extract<JobEvent, { kind: 'blobs-lacking' }>[] {
  const found: Extract<JobEvent, { kind: 'blobs-lacking' }>[] = [];
  for (const { plan } of blobs) {
    const { choice, catalogue, settings } = plan;
    for (const lost of lostAt(choice, catalogue)) {
      const { name, base } = choice.entry;
      const entry = join(settings.folder, name);
      const isThere = (path: string) => findBlob(join(entry, base), path) !== undefined;
      const isArchive = choice.kind === 'archives';
      const holder = holderOf(lost, catalogue);
      found.push({
        kind: 'blobs-lacking',
        entry,
        how: isArchive ? 'may-lack' : lost.paths.some(isThere) ? 'lack-or-differ' : 'lack',
        count: lost.count,
        names: nameSome(lost.paths, lost.count),
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
