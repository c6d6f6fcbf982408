import type { Store } from '../../stores/store.ts';
import { parseEntryName } from './entry-name.ts';
import { headAndTailHashIn } from './head-and-tail-hash.ts';
import { nameBeside, readRecord } from './record.ts';

const RECORD = nameBeside('');

/**
 * Cleans up records of archives whose archive isn't there under its name, as a run leaves them
 * that is killed between the two: one that was renamed gets its record, the record of one that is gone
 * goes. The caller holds the folder's lock.
 */
export async function cleanUpOrphanRecords(store: Store): Promise<void> {
  const names = new Set((await store.list()).map(({ name }) => name));
  for (const name of names) {
    const of = name.slice(0, -RECORD.length);
    const parsed = name.endsWith(RECORD) ? parseEntryName(of, 'file') : undefined;
    if (parsed === undefined || names.has(of)) continue;
    const record = await readRecord(store, parsed);
    if (record?.archive === undefined) continue; // Not one of ours.
    const archive = await findArchive(store, { names, ...record.archive });
    if (archive === undefined) await store.remove(name);
    else await store.rename([{ from: name, to: nameBeside(archive) }]);
  }
}

/** The archive without a record that a record speaks of. */
async function findArchive(
  store: Store,
  {
    names,
    sizeBytes,
    edges,
  }: {
    readonly names: ReadonlySet<string>;
    readonly sizeBytes: number;
    readonly edges: string;
  },
): Promise<string | undefined> {
  for (const name of names) {
    if (parseEntryName(name, 'file') === undefined || names.has(nameBeside(name))) continue;
    const found = await headAndTailHashIn(store, name);
    if (found.sizeBytes === sizeBytes && found.edges === edges) return name;
  }
  return undefined;
}
