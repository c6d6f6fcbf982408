import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import {
  type CopiedSums,
  changesOf,
  correctSums,
  type SumChange,
} from '../../blobs/checksums/copy-checksums.ts';
import { FileHasher } from '../../blobs/checksums/file-hasher.ts';
import { readableSum } from '../../blobs/checksums/readable-sum.ts';
import { exchangeFile } from '../../blobs/copy/exchange-file.ts';
import { haveSameTime } from '../../blobs/copy/same-time.ts';
import { someOf } from '../../blobs/layout/summarize-names.ts';
import { parseBlobPath } from '../../filestorage/blob-layout.ts';
import { withSystemErrors } from '../../system/failure.ts';
import type { WorkProgress } from '../../system/streams/progress.ts';
import { withStep } from '../run/events.ts';
import type { BlobRun } from './blob-run.ts';
import type { PreviousCopy } from './previous-copy.ts';

/** What a new copy is, held against the sums of the one before. */
export interface JudgedCopy {
  readonly sums: CopiedSums;
  /** Paths of blobs that the new copy lacks. */
  readonly gone: readonly string[];
  /** Paths of blobs that are other ones in the live directory, although a blob never changes. */
  readonly changed: readonly string[];
}

/**
 * Holds a new copy, which isn't finished, against the sums that the one before recorded. Of a file that has
 * another sum now, three are there: the live one, that of the new copy, and that of the one before. Whichever has
 * the recorded sum is what was backed up, and goes into the new copy; rsync may have taken it from the copy
 * before, which may be damaged.
 */
export async function judgeChanges(
  run: BlobRun,
  {
    tree,
    sums,
    previous,
  }: {
    readonly tree: string;
    readonly sums: CopiedSums;
    readonly previous: PreviousCopy | undefined;
  },
): Promise<JudgedCopy> {
  if (previous?.sums === undefined) return { sums, gone: [], changed: [] };
  const judging = new Judging(run, { tree, previous });
  const changes = [...changesOf(previous.sums, sums.all)];
  const others = changes.flatMap(({ now, ...change }) => (now ? [{ ...change, now }] : []));
  if (others.length > 0) {
    await withStep(run.context, {
      step: 'compare',
      totalBytes: undefined,
      work: async (progress) => {
        for (const change of others) await judging.judge(change, progress);
      },
    });
  }
  const gone = changes.filter(({ now }) => now === undefined).map(({ path }) => path);
  return { gone: gone.filter(isBlob), ...judging.end(sums) };
}

class Judging {
  readonly #run: BlobRun;
  readonly #tree: string;
  readonly #previous: PreviousCopy;
  readonly #hasher = new FileHasher();
  readonly #corrections = new Map<string, string>();
  readonly #changed: string[] = [];
  readonly #damagedCopies: string[] = [];
  readonly #damagedLive: string[] = [];

  constructor(
    run: BlobRun,
    { tree, previous }: { readonly tree: string; readonly previous: PreviousCopy },
  ) {
    this.#run = run;
    this.#tree = tree;
    this.#previous = previous;
  }

  async judge(
    { path, before, now }: SumChange & { readonly now: string },
    progress: WorkProgress,
  ): Promise<void> {
    const live = join(this.#run.source, path);
    const old = join(this.#previous.tree, path);
    const liveSum = await this.#hash(live, progress);
    const isOldRight = (await this.#hash(old, progress)) === before;
    if (liveSum === before) {
      await this.#exchange(path, { by: live, sharing: 'refused' });
      if (!isOldRight) this.#damagedCopies.push(old);
      return;
    }
    const status = lstatSync(live, { throwIfNoEntry: false });
    if (isOldRight && (status === undefined || looksAlike(status, lstatSync(old)))) {
      await this.#exchange(path, { by: old, sharing: 'allowed' });
      if (status !== undefined) this.#damagedLive.push(live);
      return;
    }
    if (liveSum !== undefined && liveSum !== now) {
      await this.#exchange(path, { by: live, sharing: 'refused' });
    }
    if (isBlob(path)) this.#changed.push(path);
  }

  /** Says what was found. */
  end(sums: CopiedSums): Pick<JudgedCopy, 'sums' | 'changed'> {
    warnOfDamagedCopies(this.#run, this.#damagedCopies);
    this.#warnOfDamagedLive();
    return { sums: correctSums(sums, this.#corrections), changed: this.#changed };
  }

  #warnOfDamagedLive(): void {
    if (this.#damagedLive.length === 0) return;
    const { entry, tree } = this.#previous;
    this.#run.context.onEvent({
      kind: 'warning',
      code: 'live-blobs-damaged',
      stamp: entry.stamp,
      copy: tree,
      ...someOf(this.#damagedLive),
    });
  }

  async #exchange(
    path: string,
    { by, sharing }: { readonly by: string; readonly sharing: 'allowed' | 'refused' },
  ): Promise<void> {
    const target = join(this.#tree, path);
    const { signal } = this.#run.context;
    const sha256 = await withSystemErrors(`copy "${by}" to "${target}"`, () =>
      exchangeFile(target, { by, sharing, hasher: this.#hasher, signal }),
    );
    this.#corrections.set(path, sha256);
  }

  #hash(path: string, { onFile, onBytes }: WorkProgress): Promise<string | undefined> {
    onFile(path);
    return readableSum(path, { hasher: this.#hasher, signal: this.#run.context.signal, onBytes });
  }
}

/** Files of the copy before that a live one has shown to be damaged. */
export function warnOfDamagedCopies(run: BlobRun, paths: readonly string[]): void {
  if (paths.length === 0) return;
  run.context.onEvent({ kind: 'warning', code: 'blob-copies-damaged', ...someOf(paths) });
}

function isBlob(path: string): boolean {
  return parseBlobPath(path) !== undefined;
}

/** As a disk leaves them that changes bytes. */
function looksAlike(one: Stats, other: Stats): boolean {
  return one.size === other.size && haveSameTime(one, other);
}
