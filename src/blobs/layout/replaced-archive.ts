import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { absent } from '../../system/absent.ts';
import { adopting, Failure } from '../../system/failure.ts';
import { inspectArchive } from '../archive/inspect-archive.ts';
import { type BlobCatalogue, type BlobEntry, isOfRotation, numberOf } from './catalogue.ts';
import { type BlobRecord, isRecordOf, readEdges, readRecord, recordPath } from './record.ts';

/**
 * Whether an archive is none that was ever recorded, while the one that a record speaks of is
 * nowhere: then it is most likely that one, damaged. Where the recipe has renamed archives without
 * their records, either is found under another name; or the recipe has removed the one and made the
 * other, which is then newer than the record, has a number, and is complete.
 */
export async function isUnaccounted(
  catalogue: BlobCatalogue,
  { entry, signal }: { readonly entry: BlobEntry; readonly signal: AbortSignal },
): Promise<boolean> {
  const { folder, entries } = catalogue;
  if (entry.recordedAs === 'this' || entry.form === 'directory') return false;
  if (isOfRotation(entry) && (await isRenamedAndDamaged(entry, catalogue))) return true;
  if (entry.recordedAs === 'nothing') return false;
  const own = await readEdges(join(folder, entry.name));
  // What another record speaks of lies there under its right name already: this is a copy of it.
  if (entries.some((other) => other.recordedAs === 'this' && isRecordOf(other.record, own)))
    return true;
  const recorded = await readRecord(recordPath(folder, entry));
  if (await isFound(recorded, catalogue)) return false;
  return !(await isOfNewRotation(entry, { folder, recorded, signal }));
}

/**
 * Whether it has the number that the recipe gave to an archive that a record speaks of, and which lies nowhere as it
 * was. Each of the archives that the recipe has made since is newer than the record, and moves it on by one.
 */
async function isRenamedAndDamaged(entry: BlobEntry, catalogue: BlobCatalogue): Promise<boolean> {
  const { folder, entries } = catalogue;
  const rotation = entries.filter(isOfRotation).filter(({ base }) => base === entry.base);
  for (const other of rotation) {
    if (other.recordedAs !== 'other' || numberOf(other) >= numberOf(entry)) continue;
    const path = recordPath(folder, other);
    if (await isFound(await readRecord(path), catalogue)) continue;
    const written = await timeOf(path);
    let since = 0;
    for (const one of rotation) {
      const isNewer = (await timeOf(join(folder, one.name))) > written;
      if (isNewer && numberOf(one) >= numberOf(other)) since += 1;
      if (isNewer && one === entry) return false;
    }
    if (numberOf(entry) === numberOf(other) + since) return true;
  }
  return false;
}

/** Whether the archive that a record speaks of is there, under whatever name. */
async function isFound(
  record: BlobRecord | undefined,
  { folder, entries }: BlobCatalogue,
): Promise<boolean> {
  for (const { form, name } of entries) {
    if (form === 'directory') continue;
    const edges = await readEdges(join(folder, name)).catch(absent);
    if (edges !== undefined && isRecordOf(record, edges)) return true;
  }
  return false;
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
