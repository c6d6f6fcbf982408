import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { adopting, Failure, systemCodeOf } from '../system/failure.ts';
import type { BlobCatalogue, BlobEntry } from './catalogue.ts';
import { inspectArchive } from './inspect-archive.ts';
import { type BlobRecord, readEdges, readRecord, recordPath } from './record.ts';

/**
 * Whether an archive is none that was ever recorded, while the one that its record speaks of is
 * nowhere: then it is most likely that one, damaged. Where the recipe has renamed archives without
 * their records, either is found under another name; or the recipe has removed the one and made the
 * other, which is then newer than the record, has a number, and is complete.
 */
export async function isUnaccounted(
  { folder, entries }: BlobCatalogue,
  { entry, signal }: { readonly entry: BlobEntry; readonly signal: AbortSignal },
): Promise<boolean> {
  if (entry.recordedAs !== 'other') return false;
  const recorded = await readRecord(recordPath(folder, entry));
  const own = await readEdges(join(folder, entry.name));
  for (const other of entries) {
    if (other === entry || other.form === 'directory') continue;
    const record = await readRecord(recordPath(folder, other));
    // What another record speaks of lies there under its right name already: this is a copy of it.
    if (isOf(record?.archive, own)) return other.recordedAs === 'this';
    const edges = await readEdges(join(folder, other.name)).catch(absent);
    if (edges !== undefined && isOf(recorded?.archive, edges)) return false;
  }
  return !(await isOfNewRotation(entry, { folder, recorded, signal }));
}

/** It came after the file of the record. A time alone decides nothing: the archive is read to its end. */
async function isOfNewRotation(
  entry: BlobEntry,
  {
    folder,
    recorded,
    signal,
  }: {
    readonly folder: string;
    readonly recorded: BlobRecord | undefined;
    readonly signal: AbortSignal;
  },
): Promise<boolean> {
  if (entry.mark.kind !== 'number' || recorded === undefined) return false;
  const path = join(folder, entry.name);
  // An archive of ours is finished after its moment, and before its record is written.
  const written = await timeOf(recordPath(folder, entry));
  if ((await timeOf(path)) <= Math.max(written, Date.parse(recorded.madeAt))) return false;
  try {
    await inspectArchive(path, { signal });
    return true;
  } catch (error) {
    if (error instanceof Failure && error.code === 'damaged') return false;
    throw error;
  }
}

async function timeOf(path: string): Promise<number> {
  return (await adopting(`look at "${path}"`, () => stat(path))).mtimeMs;
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
