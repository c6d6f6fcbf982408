import { leadToOne } from '../../system/files/place.ts';
import type { BlobEntry } from '../layout/catalogue.ts';
import type { OpenBackups } from '../open-backups.ts';

/**
 * Tells whether an entry is part of a copy of the folder that it was made in: that has it, or a newer one of the same
 * site, too. One that is only left over, or the bare place of a disk, proves nothing: the entries were moved.
 */
export function copiedTo(
  folder: string,
  backups: OpenBackups,
): (entry: BlobEntry) => Promise<boolean> {
  const read = new Map<string, Promise<readonly BlobEntry[]>>();
  return async ({ record, base, stamp }) => {
    if (record?.folder === undefined) return false;
    const key = JSON.stringify([record.folder, base]);
    const original = read.get(key) ?? entriesOf(record.folder, { base, folder, backups });
    read.set(key, original);
    return (await original).some(
      (one) =>
        one.stamp >= stamp &&
        one.record?.repository === record.repository &&
        (record.repository !== null || one.record.source === record.source),
    );
  };
}

/** None where it is this folder itself, or can't be looked at. */
async function entriesOf(
  original: string,
  {
    base,
    folder,
    backups,
  }: { readonly base: string; readonly folder: string; readonly backups: OpenBackups },
): Promise<readonly BlobEntry[]> {
  try {
    if (await leadToOne(folder, original)) return [];
    const { entries } = await (await backups.blobFolder(original)).catalogue(base);
    return entries.filter((entry) => entry.base === base);
  } catch {
    return [];
  }
}
