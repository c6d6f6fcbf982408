import { readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { adopting } from '../../system/failure.ts';
import { syncDirectory } from '../../system/files/new-file.ts';
import { parseEntryName } from './entry-name.ts';
import { readEdges, readRecord } from './record.ts';

const RECORD = '.json';

/**
 * Settles records of archives of which the archive isn't there under its name, as a run leaves them
 * that is killed between the two: one that was renamed gets its record, the record of one that is gone
 * goes. The caller holds the folder's lock.
 */
export async function settleOrphanRecords(folder: string): Promise<void> {
  await adopting(`clean up "${folder}"`, async () => {
    const entries = await readdir(folder, { withFileTypes: true });
    const names = new Set(entries.filter((one) => one.isFile()).map(({ name }) => name));
    for (const name of names) {
      const of = name.slice(0, -RECORD.length);
      const isRecord = name.endsWith(RECORD) && parseEntryName(of, 'file') !== undefined;
      if (!isRecord || names.has(of)) continue;
      const record = await readRecord(join(folder, name));
      if (record?.archive === undefined) continue; // Not one of ours.
      const archive = await findArchive(folder, { names, ...record.archive });
      if (archive === undefined) await unlink(join(folder, name));
      else await rename(join(folder, name), join(folder, archive + RECORD));
      await syncDirectory(folder);
    }
  });
}

/** The archive without a record that a record speaks of. */
async function findArchive(
  folder: string,
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
    if (parseEntryName(name, 'file') === undefined || names.has(name + RECORD)) continue;
    const found = await readEdges(join(folder, name));
    if (found.sizeBytes === sizeBytes && found.edges === edges) return name;
  }
  return undefined;
}
