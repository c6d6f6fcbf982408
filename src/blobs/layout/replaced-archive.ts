import type { Store } from '../../stores/store.ts';
import { Failure, isFailure } from '../../system/failure.ts';
import { inspectArchive } from '../archive/inspect-archive.ts';
import { type BlobCatalogue, type BlobEntry, isOfRotation, numberOf } from './catalogue.ts';
import { headAndTailHashIn } from './head-and-tail-hash.ts';
import { type BlobRecord, isRecordOf, readRecord, recordNameOf } from './record.ts';

/**
 * Whether an archive is none that was ever recorded, while the one that a record speaks of is
 * nowhere: then it is most likely that one, damaged. Where the recipe has renamed archives without
 * their records, either is found under another name; or the recipe has removed the one and made the
 * other, which is then newer than the record, has a number, and is complete.
 */
export async function isReplacedArchive(
  catalogue: BlobCatalogue,
  { entry, signal }: { readonly entry: BlobEntry; readonly signal: AbortSignal },
): Promise<boolean> {
  const { store, entries } = catalogue;
  if (entry.recordedAs === 'this' || entry.form === 'directory') return false;
  if (isOfRotation(entry) && (await isRenamedAndDamaged(entry, catalogue))) return true;
  if (entry.recordedAs === 'nothing') return false;
  const own = await headAndTailHashIn(store, entry.name);
  // What another record speaks of lies there under its right name already: this is a copy of it.
  if (entries.some((other) => other.recordedAs === 'this' && isRecordOf(other.record, own)))
    return true;
  const recorded = await readRecord(store, entry);
  if (await isFound(recorded, catalogue)) return false;
  return !(await isOfNewRotation(entry, { store, recorded, signal }));
}

/**
 * Whether it has the number that the recipe gave to an archive that a record speaks of, and which lies nowhere as it
 * was. Each of the archives that the recipe has made since is newer than the record, and moves it on by one.
 */
async function isRenamedAndDamaged(entry: BlobEntry, catalogue: BlobCatalogue): Promise<boolean> {
  const { store, entries } = catalogue;
  const rotation = entries.filter(isOfRotation).filter(({ base }) => base === entry.base);
  for (const other of rotation) {
    if (other.recordedAs !== 'other' || numberOf(other) >= numberOf(entry)) continue;
    if (await isFound(await readRecord(store, other), catalogue)) continue;
    const written = await timeOf(store, recordNameOf(other));
    let since = 0;
    for (const one of rotation) {
      const isNewer = (await timeOf(store, one.name)) > written;
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
  { store, entries }: BlobCatalogue,
): Promise<boolean> {
  for (const { form, name } of entries) {
    if (form === 'directory') continue;
    const edges = await headAndTailHashIn(store, name).catch(notThere);
    if (edges !== undefined && isRecordOf(record, edges)) return true;
  }
  return false;
}

function notThere(error: unknown): undefined {
  if (!isFailure(error, 'not-found')) throw error;
}

/** It came after the file of the record. A time alone decides nothing: the archive is read to its end. */
async function isOfNewRotation(
  entry: BlobEntry,
  {
    store,
    recorded,
    signal,
  }: {
    readonly store: Store;
    readonly recorded: BlobRecord | undefined;
    readonly signal: AbortSignal;
  },
): Promise<boolean> {
  if (entry.id.kind !== 'number' || recorded === undefined) return false;
  // An archive of ours is finished after its moment, and before its record is written.
  const written = await timeOf(store, recordNameOf(entry));
  if ((await timeOf(store, entry.name)) <= Math.max(written, Date.parse(recorded.madeAt)))
    return false;
  try {
    await using file = await store.open(entry.name);
    await inspectArchive(file, { signal });
    return true;
  } catch (error) {
    if (isFailure(error, 'damaged')) return false;
    throw error;
  }
}

/** When a file was last written. Failure `not-found`. */
async function timeOf(store: Store, name: string): Promise<number> {
  const entry = await store.look(name);
  if (entry !== undefined) return entry.modifiedMs;
  throw new Failure('not-found', `Cannot look at "${store.nameOf(name)}": it does not exist`, {
    hint: 'Has another program removed it? Run the command again.',
  });
}
