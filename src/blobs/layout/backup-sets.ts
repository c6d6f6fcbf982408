import type { BlobEntry } from './catalogue.ts';

/**
 * Entries that stand and fall together: a directory; an archive with the deltas that continue it and
 * the state of the chain.
 */
export interface BackupSet {
  /** Newest first. */
  readonly entries: readonly BlobEntry[];
  readonly newest: BlobEntry;
  readonly family: 'directories' | 'archives';
  /** `orphan`: deltas or a state alone, of which nothing can be restored. */
  readonly worth: 'backup' | 'orphan';
}

/** Sorts entries, newest first, into sets, newest first. */
export function backupSets(entries: readonly BlobEntry[]): readonly BackupSet[] {
  const sets: BlobEntry[][] = [];
  let chain: BlobEntry[] | undefined;
  for (const entry of [...entries].reverse()) {
    switch (entry.form) {
      case 'directory':
        sets.push([entry]);
        break;
      case 'archive':
        chain = [entry];
        sets.push(chain);
        break;
      case 'state': {
        const own = chain?.[0]?.stamp === entry.stamp ? chain : undefined;
        if (own === undefined) sets.push([entry]);
        else own.push(entry);
        break;
      }
      case 'delta':
        if (chain === undefined) sets.push([entry]);
        else chain.push(entry);
        break;
      default:
        entry.form satisfies never;
    }
  }
  return sets
    .map((members) => setOf([...members].reverse()))
    .sort((a, b) =>
      a.newest.stamp < b.newest.stamp ? 1 : a.newest.stamp > b.newest.stamp ? -1 : 0,
    );
}

function setOf(entries: readonly BlobEntry[]): BackupSet {
  const [newest] = entries;
  if (newest === undefined) throw new RangeError('a set has an entry');
  const isBackup = entries.some(({ form }) => form === 'directory' || form === 'archive');
  return {
    entries,
    newest,
    family: newest.form === 'directory' ? 'directories' : 'archives',
    worth: isBackup ? 'backup' : 'orphan',
  };
}
