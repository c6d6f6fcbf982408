import { dirname } from 'node:path';
import { readRestorePoint } from '../../repository/restore-point.ts';
import type { Store } from '../../stores/store.ts';
import { openFileSource } from '../../system/files/byte-source.ts';
import { makeFolder } from '../../system/files/make-folder.ts';
import { NewFile } from '../../system/files/new-file.ts';
import { isTaken } from '../../system/files/presence.ts';
import { namesOfFile, realPlaceOf } from '../../system/files/real-path.ts';
import { type Replacement, replacementOf, stagedPath } from '../../system/files/replacement.ts';
import { DisposableStack } from '../../system/streams/disposable-stack.ts';
import { tap } from '../../system/streams/pipeline.ts';
import { type JobContext, withStep } from '../run/events.ts';
import { keepOwnership, rightsOfRestored } from './keep-ownership.ts';
import { type CutOfRestore, cutOfRestore } from './moment/cut-log.ts';
import { holdAgainstFingerprint } from './moment/hold-against-fingerprint.ts';
import type { RestorePlan, RestoreResult } from './restore-plan.ts';
import { makeCutIndex, makeRestoredIndex } from './restored-index.ts';

/** A Data.fs and its index, complete and on the disk beside the ones that they will replace. */
export interface StagedRestore extends AsyncDisposable {
  readonly result: RestoreResult;
  /** Where the log is cut: what it has. */
  readonly cut: CutOfRestore | undefined;
  /**
   * The renames that are left to do. The old index goes first: a Data.fs without one is whole, one
   * with another's index is not.
   */
  steps(): Promise<readonly Replacement[]>;
  /** Leaves the files to a journal. */
  handOver(): void;
}

/**
 * Makes a restored Data.fs and its index beside the target and checks them while they are written.
 * The caller holds the target's lock: {@link lockTarget}.
 */
export async function stageRestore(
  plan: RestorePlan,
  {
    anchor,
    store,
    context,
  }: {
    /** Where the journal of the restore is. */
    readonly anchor: string;
    readonly store: Store;
    readonly context: JobContext;
  },
): Promise<StagedRestore> {
  const { target, point } = plan;
  const folder = dirname(target);
  const { wasMade } = await makeFolder(folder);
  if (wasMade) context.onEvent({ kind: 'folder-made', path: folder });
  const path = await realPlaceOf(target);
  const temporaryPath = stagedPath(path, anchor);
  const rights = await rightsOfRestored(target);
  await using staged = new DisposableStack();
  const dataFs = staged.use(await NewFile.create(path, { temporaryPath, rights, zeros: 'holes' }));
  const cut = cutOfRestore(plan);
  await writeDataFs(dataFs, { store, plan, context, onBytes: (chunk) => cut?.log.feed(chunk) });
  cut?.log.finish();
  if (cut !== undefined) {
    const open = () => openFileSource(dataFs.temporaryPath);
    await holdAgainstFingerprint(cut, { open, target, store, context });
  }
  const { sizeBytes } = dataFs;
  const indexes: StagedIndex[] = [];
  for (const name of await indexedNames(target)) {
    const named = { path: name, sizeBytes };
    const file = staged.use(
      cut === undefined
        ? await makeRestoredIndex(store, { point, anchor, rights, dataFs: named })
        : await makeCutIndex(cut.log, { path: name, anchor, rights }),
    );
    indexes.push({ path: `${name}.index`, file });
  }
  const made = indexes.flatMap(({ file }) => file ?? []);
  await keepOwnership([dataFs, ...made], target);
  context.signal.throwIfAborted();
  const kept = staged.move();
  return {
    result: { plan, sizeBytes, hadBytes: 0, index: made.length === 0 ? 'without' : 'restored' },
    cut,
    steps: () => stepsOf(path, { dataFs, indexes }),
    handOver: () => {
      for (const file of [dataFs, ...made]) file.handOver();
    },
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

/** An index that will have a path; undefined: none will. */
interface StagedIndex {
  readonly path: string;
  readonly file: NewFile | undefined;
}

/**
 * A server looks for the index beside the path that it was told. Beside the real file of a link, there is one to be
 * replaced where a server was told that one.
 */
async function indexedNames(target: string): Promise<readonly string[]> {
  const [first = target, real] = await namesOfFile(target);
  return real !== undefined && (await isTaken(`${real}.index`)) ? [first, real] : [first];
}

async function stepsOf(
  path: string,
  { dataFs, indexes }: { readonly dataFs: NewFile; readonly indexes: readonly StagedIndex[] },
): Promise<readonly Replacement[]> {
  const kind = 'cache';
  const before: Replacement[] = [];
  const after: Replacement[] = [];
  for (const { path: place, file } of indexes) {
    before.push(await replacementOf(place, { kind, staged: null }));
    if (file === undefined) continue;
    const made = await replacementOf(place, { kind, staged: file.temporaryPath });
    // When its turn comes, the old one is away.
    after.push({ ...made, kept: null });
  }
  const data = await replacementOf(path, { kind: 'file', staged: dataFs.temporaryPath });
  return [...before, data, ...after];
}

async function writeDataFs(
  dataFs: NewFile,
  {
    store,
    plan,
    context,
    onBytes: take,
  }: {
    readonly store: Store;
    readonly plan: RestorePlan;
    readonly context: JobContext;
    readonly onBytes: (chunk: Uint8Array) => void;
  },
): Promise<void> {
  await withStep(context, {
    step: 'restore',
    totalBytes: plan.point.end,
    work: async ({ onFile, onBytes }) => {
      const { point } = plan;
      const bytes = tap(readRestorePoint(store, { point, onFile }), (chunk) => {
        context.signal.throwIfAborted();
        onBytes(chunk.length);
        take(chunk);
      });
      await dataFs.write(bytes);
      await dataFs.complete();
    },
  });
}
