import { basename, join } from 'node:path';
import { readBlobCatalogue } from '../blobs/catalogue.ts';
import { FileHasher } from '../blobs/file-hasher.ts';
import { holderOf } from '../blobs/holder.ts';
import { readableSum } from '../blobs/readable-sum.ts';
import { readSums } from '../blobs/sums-file.ts';
import { findBlob } from '../filestorage/blob-layout.ts';
import type { JobContext } from './events.ts';

/** A blob directory, and the folder for its backups. */
export interface BlobPlace {
  readonly source: string;
  readonly folder: string;
}

/** What the live blob directory has lost, and an older copy has: as long as that is so, nothing old goes. */
export interface Hold {
  readonly source: string;
  /** The copy that has it. */
  readonly holder: string;
}

/** The newest copy with a record tells, also where archives have been made since, which don't look, or no blobs at all. */
export async function findHold(
  { source, folder }: BlobPlace,
  signal: AbortSignal,
): Promise<Hold | undefined> {
  const catalogue = await readBlobCatalogue(folder, basename(source));
  const newest = catalogue.entries.find(
    ({ form, record }) => form === 'directory' && record !== undefined,
  );
  for (const lost of newest?.record?.lost ?? []) {
    const entry = holderOf(lost, catalogue);
    if (entry === undefined) continue;
    const holder = join(folder, entry.name);
    if (lost.paths.some((path) => findBlob(source, path) === undefined)) return { source, holder };
    const found = await readSums(holder, entry.record);
    const hasher = new FileHasher();
    for (const path of found.kind === 'found' ? lost.paths : []) {
      const sum = await readableSum(findBlob(source, path) ?? '', { hasher, signal });
      if (found.kind === 'found' && sum !== found.sums.find(path)) return { source, holder };
    }
  }
  return undefined;
}

export function warnOfHold({ source, holder }: Hold, { onEvent }: JobContext): void {
  onEvent({
    kind: 'warning',
    text: `"${source}" has lost blobs that "${holder}" has: put them back from there. Nothing old is removed until they are back; if they are not needed any more, remove "${holder}" by hand`,
  });
}
