import { type BackupSet, backupSets } from '../../blobs/layout/backup-sets.ts';
import type { BlobEntry, BlobPlace } from '../../blobs/layout/catalogue.ts';
import { treeIn } from '../../blobs/layout/tree-in.ts';
import { readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import { stampOfFileName } from '../../repository/layout/file-names.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import type { PointVerdict } from '../../repository/retention/retention-point.ts';
import type { Store } from '../../stores/store.ts';
import { Failure } from '../../system/failure.ts';
import { giveWay } from '../../system/streams/cooperative.ts';
import type { JobContext } from '../run/events.ts';

/** Bytes that are free as soon as the last of these backups is gone. */
interface SharedBytes {
  readonly bytes: number;
  readonly stamps: readonly string[];
}

/** Tells what it frees to remove backups. */
export class RemovalCosts {
  readonly #shared: readonly SharedBytes[];

  constructor(shared: readonly SharedBytes[]) {
    this.#shared = shared;
  }

  /** Bytes that are free when all of these are gone, which belong to no other backup. */
  bytesOf(stamps: ReadonlySet<string>): number {
    const isFree = (one: SharedBytes) => one.stamps.every((stamp) => stamps.has(stamp));
    return this.#shared.filter(isFree).reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

/**
 * What would go with a point that stays: itself and what only it needs; nothing where a later one needs it.
 *
 * @param chain - all its points, oldest first
 */
export function neededOnlyBy(stamp: Stamp, chain: readonly PointVerdict[]): readonly Stamp[] {
  const isNeededOnly = ({ reasons }: PointVerdict) =>
    reasons.every(({ kind }) => kind === 'needed');
  const stays = chain.filter(({ reasons }) => reasons.length > 0);
  if (stays.at(-1)?.stamp !== stamp) return [];
  const previous = stays.slice(0, -1).findLastIndex((one) => !isNeededOnly(one));
  return stays.slice(previous + 1).map((one) => one.stamp);
}

/** Looks at the files of a storage's backups. Of copies of blobs it walks through every one: they share files. */
export async function readRemovalCosts(
  repository: OpenRepository,
  {
    blobs,
    context: { backups, signal },
  }: {
    readonly blobs: BlobPlace | undefined;
    readonly context: Pick<JobContext, 'backups' | 'signal'>;
  },
): Promise<RemovalCosts> {
  const files = await repository.store.list();
  const ofData = files.flatMap(({ name, sizeBytes }) => {
    const stamp = stampOfFileName(name);
    return stamp === undefined ? [] : { bytes: sizeBytes, stamps: [stamp] };
  });
  if (blobs === undefined) return new RemovalCosts(ofData);
  const reading = { repository: repository.name, backups };
  const { store, entries } = await readOwnBlobs(blobs, reading);
  const sets = backupSets(entries);
  const archives = sets.filter(({ family }) => family === 'archives');
  const copies = sets.filter(({ family }) => family === 'directories').toReversed();
  return new RemovalCosts([
    ...ofData,
    ...archives.map(ofArchives),
    ...(await ofCopies(
      copies.map(({ newest }) => newest),
      { store, signal },
    )),
  ]);
}

function ofArchives({ entries }: BackupSet): SharedBytes {
  const bytes = entries.reduce((sum, { record }) => sum + (record?.archive?.sizeBytes ?? 0), 0);
  return { bytes, stamps: entries.map(({ stamp }) => stamp) };
}

/**
 * A copy shares with the one before what both have, by hard links. A blob never changes, and comes and goes once: a file
 * with the same path and size is the same file in all copies from the first that has it to the last.
 *
 * @param copies - oldest first
 */
async function ofCopies(
  copies: readonly BlobEntry[],
  { store, signal }: { readonly store: Store; readonly signal: AbortSignal },
): Promise<readonly SharedBytes[]> {
  const shared = new Map<string, { bytes: number; readonly stamps: readonly string[] }>();
  const end = (index: number, { from, sizeBytes }: SeenFile) => {
    const key = `${from} ${index}`;
    const one = shared.get(key) ?? {
      bytes: 0,
      stamps: copies.slice(from, index + 1).map(({ stamp }) => stamp),
    };
    one.bytes += sizeBytes;
    shared.set(key, one);
  };
  let before = new Map<string, SeenFile>();
  for (const [index, copy] of copies.entries()) {
    const now = new Map<string, SeenFile>();
    for await (const { path, sizeBytes } of filesOf(copy, { store, signal })) {
      const known = before.get(path);
      const isShared = known?.sizeBytes === sizeBytes;
      now.set(path, isShared ? known : { from: index, sizeBytes });
      if (isShared) before.delete(path);
    }
    for (const file of before.values()) end(index - 1, file);
    before = now;
  }
  for (const file of before.values()) end(copies.length - 1, file);
  return [...shared.values()];
}

interface SeenFile {
  /** Index of the first copy that has it. */
  readonly from: number;
  readonly sizeBytes: number;
}

async function* filesOf(
  copy: BlobEntry,
  { store, signal }: { readonly store: Store; readonly signal: AbortSignal },
): AsyncGenerator<{ readonly path: string; readonly sizeBytes: number }> {
  try {
    for await (const entries of (await treeIn(copy, store)).walk()) {
      for (const entry of entries) if (entry.kind === 'file') yield entry;
      await giveWay(signal);
    }
  } catch (error) {
    // It went meanwhile, or nobody may look into it: what it takes is not known.
    if (!(error instanceof Failure) || error.code === 'interrupted') throw error;
  }
}
