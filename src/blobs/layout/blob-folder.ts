import type { Renaming, Store } from '../../stores/store.ts';
import { Failure } from '../../system/failure.ts';
import type { LockRequest } from '../../system/locks/lock-request.ts';
import type { BackupSet } from './backup-sets.ts';
import type { BlobEntry } from './catalogue.ts';
import { LATEST } from './entry-name.ts';
import type { OpenBlobFolder } from './open-blob-folder.ts';
import { cleanUpOrphanRecords } from './orphan-records.ts';
import { nameBeside } from './record.ts';

/** Keeps other runs out of a blob folder, and clears away what killed ones left. */
export async function lockBlobFolder(
  { store }: OpenBlobFolder,
  request?: LockRequest,
): Promise<AsyncDisposable> {
  const lock = await store.lock(request);
  return recovered(store, lock);
}

/**
 * Keeps backups from moving or removing entries while they are restored, where the folder can be
 * locked: `Store.hold`.
 */
export async function holdBlobFolder(
  { store }: OpenBlobFolder,
  request: LockRequest,
): Promise<AsyncDisposable | undefined> {
  const lock = await store.hold(request);
  if (lock === undefined || !(await store.isWritable())) return lock;
  return recovered(store, lock);
}

async function recovered(store: Store, lock: AsyncDisposable): Promise<AsyncDisposable> {
  try {
    await store.recoverTrees();
    await cleanUpOrphanRecords(store);
    return lock;
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** What is renamed for a new number 0. */
export interface Rotation {
  /** All that is there. */
  readonly entries: readonly BlobEntry[];
  readonly base: string;
  readonly family: BackupSet['family'];
  readonly onRename: (renaming: Renaming) => void;
}

/**
 * Makes room for a new number 0: each numbered entry of the family gets the next number, the highest
 * first. Failure `refused` where something else has a name that is needed.
 */
export async function rotate(
  opened: OpenBlobFolder,
  { entries, base, family, onRename }: Rotation,
): Promise<void> {
  const { store } = opened;
  const numbered = entries
    .filter(
      (entry) => entry.base === base && (entry.form === 'directory') === (family === 'directories'),
    )
    .flatMap(({ name, id }) => (id.kind === 'number' ? [{ name, number: id.number }] : []))
    .sort((a, b) => b.number - a.number);
  const names = new Set(numbered.map(({ name }) => name));
  const moves = numbered.map(({ name, number }) => ({
    from: name,
    to: `${base}.${number + 1}${name.slice(`${base}.${number}`.length)}`,
  }));
  for (const { to } of moves) {
    if (!names.has(to) && (await store.useOf(to)) !== undefined) throw nameIsTaken(store, to);
  }
  const renamings: Renaming[] = [];
  for (const move of moves) {
    renamings.push(move);
    const record = nameBeside(move.from);
    const hasRecord = family === 'archives' && (await store.useOf(record)) !== undefined;
    if (hasRecord) renamings.push({ from: record, to: nameBeside(move.to) });
  }
  await opened.rename(renamings);
  for (const move of moves) onRename(move);
}

/**
 * Failure `refused` where the name is taken by something that isn't an entry. A link in the place of a
 * copy is none: where the blob directory is a link, the recipe copies no more than that.
 */
export async function refuseTaken(
  store: Store,
  { name, kind }: { readonly name: string; readonly kind: 'tree' | 'file' },
): Promise<void> {
  const use = await store.useOf(name);
  if (use === undefined || use === kind || (kind === 'tree' && use === 'link')) return;
  throw nameIsTaken(store, name);
}

function nameIsTaken(store: Store, name: string): Failure {
  const path = store.nameOf(name);
  return new Failure('refused', `Cannot use the name "${path}": something else has it`, {
    hint: 'Nothing was changed. Look at it, and move it away.',
  });
}

/**
 * Points `latest` to an entry, or takes it away. Something of that name that isn't a link is nobody's of ours; a file
 * system without links has no `latest`, and the backup is no worse for it.
 */
export function pointLatest(store: Store, name: string | undefined): ReturnType<Store['link']> {
  return store.link(LATEST, name);
}

/** The name of the entry to which `latest` leads; undefined where it is no link. */
export function latestIn(store: Store): Promise<string | undefined> {
  return store.linkedTo(LATEST);
}

/** Removes a set: what continues something goes before it, so that what is left can be used. */
export async function removeSet(
  store: Store,
  { set, onFile }: { readonly set: BackupSet; readonly onFile: (name: string) => void },
): Promise<readonly string[]> {
  for (const entry of set.entries) {
    onFile(store.nameOf(entry.name));
    await removeEntry(store, entry);
  }
  return set.entries.map(({ name }) => name);
}

/** Removes an entry with its record. */
export async function removeEntry(store: Store, { name, form }: BlobEntry): Promise<void> {
  if (form === 'directory') await store.removeTree(name);
  else await store.remove(name, nameBeside(name));
}
