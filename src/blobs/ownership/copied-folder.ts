import type { Store } from '../../stores/store.ts';
import type { BlobEntry } from '../layout/catalogue.ts';
import type { OpenBackups } from '../open-backups.ts';

/**
 * Tells whether an entry is part of a copy of the folder that it was made in: that has it, or a newer one of the same
 * site, too. One that is only left over, or the bare place of a disk, proves nothing: the entries were moved.
 */
export function copiedTo(
  store: Store,
  backups: OpenBackups,
): (entry: BlobEntry) => Promise<boolean> {
  const read = new Map<string, Promise<readonly BlobEntry[]>>();
  return async ({ record, base, stamp }) => {
    if (record?.folder === undefined) return false;
    const key = JSON.stringify([record.folder, base]);
    const original = read.get(key) ?? entriesOf(record.folder, { base, store, backups });
    read.set(key, original);
    return (await original).some(
      (one) =>
        one.stamp >= stamp &&
        one.record?.repository === record.repository &&
        (record.repository !== null || one.record.source === record.source),
    );
  };
}

/** None where it is this folder itself, or can't be looked at: then they stay another's, and no rule of this site removes them. */
async function entriesOf(
  original: string,
  {
    base,
    store,
    backups,
  }: { readonly base: string; readonly store: Store; readonly backups: OpenBackups },
): Promise<readonly BlobEntry[]> {
  try {
    if (await store.isAt(original)) return [];
    const { entries } = await (await backups.blobFolder(original)).catalogue(base);
    return entries.filter((entry) => entry.base === base);
  } catch {
    return [];
  }
}
