import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { readLinks } from '../../repository/content/read-backup.ts';
import type { ChainLink } from '../../repository/layout/chain.ts';
import type { RestorePoint } from '../../repository/restore-point.ts';
import type { Store } from '../../stores/store.ts';
import { withSystemErrors } from '../../system/failure.ts';
import { openFileSource } from '../../system/files/byte-source.ts';
import { writeWithHoles } from '../../system/files/write-all.ts';
import { type JobContext, withStep } from '../run/events.ts';
import { keepOwnership, rightsOfRestored } from './keep-ownership.ts';
import type { RestorePlan, RestoreResult } from './restore-plan.ts';
import { makeRestoredIndex } from './restored-index.ts';

/** What a target has already of a restore point: the state that some backup of its chain led to. */
export interface FastForward {
  readonly sizeBytes: number;
  /** The backups that lead from there to the restore point. */
  readonly rest: readonly ChainLink[];
}

/**
 * Finds out whether a file is an earlier state of a restore point, by its size and the checksum of
 * every backup up to it. Undefined where it is anything else, or has several names, and for a moment within a backup.
 */
export async function planFastForward(
  target: string,
  { point, context }: { readonly point: RestorePoint; readonly context: JobContext },
): Promise<FastForward | undefined> {
  if (point.kind === 'unlisted' || point.cut !== undefined) return undefined;
  // What has other names, as in a copy with hard links, would grow under all of them.
  const { nlink } = await withSystemErrors(`look at "${target}"`, () => stat(target));
  if (nlink > 1) return undefined;
  await using source = await openFileSource(target);
  const { sizeBytes } = source;
  const last = point.links.findIndex(({ range }) => range.end === sizeBytes);
  if (last < 0 || sizeBytes === 0) return undefined;
  const had = point.links.slice(0, last + 1);
  const isSame = await withStep(context, {
    step: 'compare',
    totalBytes: sizeBytes,
    work: async ({ onFile, onBytes }) => {
      onFile(target);
      for (const { range, md5 } of had) {
        const hash = createHash('md5');
        for await (const chunk of source.stream(range)) {
          context.signal.throwIfAborted();
          hash.update(chunk);
          onBytes(chunk.length);
        }
        if (hash.digest('hex') !== md5) return false;
      }
      return true;
    },
  });
  return isSame ? { sizeBytes, rest: point.links.slice(last + 1) } : undefined;
}

/**
 * Appends what is new. All of it is checked while it is written; a failure cuts the file back to
 * what it was. One that is killed in between leaves the earlier state and behind it, as a server
 * that is killed does, a transaction that is not complete.
 */
async function appendRest(
  target: string,
  {
    store,
    fastForward,
    context,
  }: {
    readonly store: Store;
    readonly fastForward: FastForward;
    readonly context: JobContext;
  },
): Promise<number> {
  const file = await withSystemErrors(`open "${target}"`, () => open(target, 'r+'));
  try {
    return await append(file, { target, store, fastForward, context });
  } catch (error) {
    await withSystemErrors(`cut "${target}" back`, async () => {
      await file.truncate(fastForward.sizeBytes);
      await file.sync();
    });
    throw error;
  } finally {
    await file.close();
  }
}

async function append(
  file: FileHandle,
  {
    target,
    store,
    fastForward: { sizeBytes, rest },
    context,
  }: {
    readonly target: string;
    readonly store: Store;
    readonly fastForward: FastForward;
    readonly context: JobContext;
  },
): Promise<number> {
  let end = sizeBytes;
  await withStep(context, {
    step: 'restore',
    totalBytes: (rest.at(-1)?.range.end ?? sizeBytes) - sizeBytes,
    work: async ({ onFile, onBytes }) => {
      for await (const chunk of readLinks(store, { links: rest, check: 'checksums', onFile })) {
        context.signal.throwIfAborted();
        await withSystemErrors(`write "${target}"`, () => writeWithHoles(file, chunk, end));
        end += chunk.length;
        onBytes(chunk.length);
      }
    },
  });
  await withSystemErrors(`sync "${target}"`, async () => {
    await file.truncate(end); // It may end in a hole.
    await file.sync();
  });
  return end;
}

/**
 * Appends to a target what it lacks. Its old index goes on to be right, as it speaks of the bytes
 * that stay.
 */
export async function fastForwardFile(
  store: Store,
  {
    plan,
    anchor,
    fastForward,
    context,
  }: {
    readonly plan: RestorePlan;
    /** Where the journal of a restore is. */
    readonly anchor: string;
    readonly fastForward: FastForward;
    readonly context: JobContext;
  },
): Promise<RestoreResult> {
  const { target: path, point } = plan;
  const sizeBytes = await appendRest(path, { store, fastForward, context });
  await using index = await makeRestoredIndex(store, {
    point,
    anchor,
    rights: await rightsOfRestored(path),
    dataFs: { path, sizeBytes },
  });
  if (index !== undefined) await keepOwnership([index], path);
  await index?.publish();
  const hadBytes = fastForward.sizeBytes;
  return { plan, sizeBytes, hadBytes, index: index === undefined ? 'without' : 'restored' };
}
