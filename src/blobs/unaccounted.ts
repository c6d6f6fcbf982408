import { join } from 'node:path';
import { systemCodeOf } from '../system/failure.ts';
import type { BlobCatalogue, BlobEntry } from './catalogue.ts';
import { readEdges, readRecord, recordPath } from './record.ts';

/**
 * Whether an archive is none that was ever recorded, while the one that its record speaks of is
 * nowhere: then it is most likely that one, damaged. Where the recipe has renamed archives without
 * their records, either is found under another name.
 */
export async function isUnaccounted(
  { folder, entries }: BlobCatalogue,
  entry: BlobEntry,
): Promise<boolean> {
  if (entry.recordedAs !== 'other') return false;
  const recorded = await readRecord(recordPath(folder, entry));
  const own = await readEdges(join(folder, entry.name));
  for (const other of entries) {
    if (other === entry || other.form === 'directory') continue;
    const record = await readRecord(recordPath(folder, other));
    // A file that another record speaks of already is at most a copy of it.
    if (other.recordedAs !== 'this' && isOf(record?.archive, own)) return false;
    const edges = await readEdges(join(folder, other.name)).catch(absent);
    if (edges !== undefined && isOf(recorded?.archive, edges)) return false;
  }
  return true;
}

interface Edges {
  readonly sizeBytes: number;
  readonly edges: string;
}

function isOf(recorded: Edges | undefined, { sizeBytes, edges }: Edges): boolean {
  return recorded?.sizeBytes === sizeBytes && recorded.edges === edges;
}

function absent(error: unknown): undefined {
  if (systemCodeOf(error) !== 'ENOENT') throw error;
  return undefined;
}
