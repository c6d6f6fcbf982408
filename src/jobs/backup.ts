import { join } from 'node:path';
import {
  type CommittedEnd,
  findCommittedEnd,
  isTransactionBoundary,
} from '../filestorage/committed-end.ts';
import {
  isDebris,
  newestTransactionUpTo,
  type Stop,
  transactionEndingAt,
} from '../filestorage/debris.ts';
import { MAGIC_BYTES } from '../filestorage/format.ts';
import { IndexDecoder } from '../filestorage/index/index-decoder.ts';
import { ZERO_TID } from '../filestorage/tid.ts';
import {
  type Catalogue,
  catalogueOf,
  lostNewestFull,
  readCatalogue,
  stampsOf,
} from '../repository/catalogue.ts';
import { type Chain, type ChainLink, readChain } from '../repository/chain.ts';
import { knownBad, readChecks } from '../repository/checks.ts';
import { type Comparison, compareQuickly, compareThoroughly } from '../repository/comparison.ts';
import { type CompressionWish, settleCompression } from '../repository/compression.ts';
import { findLostEnd, lastTidOf, reachOf } from '../repository/lost-end.ts';
import {
  type BackupPlan,
  type Continuation,
  judgeContinuation,
  planBackup,
} from '../repository/plan.ts';
import { nextStamp } from '../repository/stamp.ts';
import { estimateStoredBytes } from '../repository/stored-size.ts';
import { type HashedFile, type WrittenBackup, writeBackup } from '../repository/writing.ts';
import { folderStore, makeFolder, requireFolder } from '../stores/folder-store.ts';
import type { Store } from '../stores/store.ts';
import {
  type FileIdentity,
  type FileSource,
  isStillAt,
  openFileSource,
} from '../system/byte-source.ts';
import { Failure } from '../system/failure.ts';
import { requireRoomFor } from '../system/room.ts';
import { VERSION } from '../system/version.ts';
import { type JobContext, lockRequest, stoppable, withStep } from './events.ts';
import { warnOfLostFiles } from './lost-files.ts';
import { pruneFulls } from './prune.ts';
import { tidyUp } from './tidy-up.ts';

/** How a Data.fs is backed up. */
export interface BackupSettings {
  /** Path of the Data.fs. */
  readonly dataFs: string;
  /** Folder of the repository; also the name of it in the `.dat`. */
  readonly repository: string;
  readonly full: 'always' | 'when-needed';
  readonly comparison: 'quick' | 'thorough';
  readonly compression: CompressionWish;
  /** Full backups that stay, with their increments; 0: all. */
  readonly keep: number;
  /** When older ones go: after every backup, or only after a full one, as repozo does. */
  readonly pruneAfter: 'every-backup' | 'full-backup';
  /** Whether a repository that isn't there is made. */
  readonly missingRepository: 'make' | 'fail';
  /** Whether what was written is read back before it counts. */
  readonly confirmation: 'reread' | 'none';
  readonly now: () => Date;
  readonly random: () => number;
}

/** What a backup did. */
export interface BackupResult {
  readonly plan: BackupPlan;
  /** Undefined where there was nothing to do. */
  readonly written: WrittenBackup | undefined;
  readonly removed: readonly string[];
}

/** Backs up one Data.fs. The repository is locked meanwhile: failure `locked` if another run is there. */
export async function backUp(settings: BackupSettings, context: JobContext): Promise<BackupResult> {
  await using source = await openDataFs(settings.dataFs);
  const store = await openRepository(settings, context);
  await using _lock = await store.lock(lockRequest(context, 'backup'));
  return await backUpTo(store, { source, settings, context });
}

/** The same for a caller that holds the lock of a repository that is there. */
export async function backUpLocked(
  settings: BackupSettings,
  context: JobContext,
): Promise<BackupResult> {
  await using source = await openDataFs(settings.dataFs);
  return await backUpTo(folderStore(settings.repository), { source, settings, context });
}

async function backUpTo(
  store: Store,
  {
    source,
    settings,
    context,
  }: {
    readonly source: FileSource;
    readonly settings: BackupSettings;
    readonly context: JobContext;
  },
): Promise<BackupResult> {
  await tidyUp(store, context);
  const catalogue = await readCatalogue(store);
  const planning = { store, catalogue, settings, context };
  const { plan, newest, hasLostEnd } = await makePlan(source, planning);
  const written =
    plan.kind === 'nothing'
      ? undefined
      : await carryOut(source, { plan, newest, hasLostEnd, ...planning });
  await noticeReplacement(source, context);
  const isDue = settings.pruneAfter === 'every-backup' || plan.kind === 'full';
  const removed = isDue ? await pruneFulls(store, { keep: settings.keep, context }) : [];
  return { plan, written, removed };
}

/** What a backup would do now; touches nothing. */
export async function planOnly(settings: BackupSettings, context: JobContext): Promise<BackupPlan> {
  await using source = await openDataFs(settings.dataFs);
  const store = folderStore(settings.repository);
  const catalogue = await readCatalogue(store).catch((error: unknown) => {
    const isMade = settings.missingRepository === 'make';
    if (isMade && error instanceof Failure && error.code === 'not-found') return undefined;
    throw error;
  });
  const empty = catalogueOf([]);
  // Awaited here: the source is closed when this function returns.
  const planning = { store, catalogue: catalogue ?? empty, settings, context };
  return (await makePlan(source, planning)).plan;
}

/** Which file a Data.fs is that can be read. Failures `not-found`, `system`, `usage`. */
export async function checkDataFs(path: string): Promise<FileIdentity> {
  await using source = await openDataFs(path);
  return source.identity;
}

/**
 * Opens the Data.fs; all of it is read through this handle. While a pack renames its files, there is
 * no Data.fs for a moment, so its absence is believed only the second time.
 */
async function openDataFs(path: string): Promise<FileSource> {
  try {
    return await openFileSource(path);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'not-found') throw error;
    await new Promise((resolve) => setTimeout(resolve, 300));
    return openFileSource(path);
  }
}

async function openRepository(settings: BackupSettings, context: JobContext): Promise<Store> {
  if (settings.missingRepository === 'make') {
    const { wasMade } = await makeFolder(settings.repository);
    if (wasMade) context.onEvent({ kind: 'folder-made', path: settings.repository });
  }
  await requireFolder(settings.repository);
  return folderStore(settings.repository);
}

interface Planning {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly settings: BackupSettings;
  readonly context: JobContext;
}

async function makePlan(
  source: FileSource,
  planning: Planning,
): Promise<{
  readonly plan: BackupPlan;
  readonly newest: Chain | undefined;
  readonly hasLostEnd: boolean;
}> {
  const { store, catalogue, settings, context } = planning;
  const files = catalogue.chains.at(-1);
  const newest = files === undefined ? undefined : await readChain(store, files);
  const continuation = judgeContinuation(newest, {
    isFullWanted: settings.full === 'always',
    sourceBytes: source.sizeBytes,
    bad: knownBad(await readChecks(store)),
    lostFull: lostNewestFull(catalogue),
  });
  warnOfLostFiles(newest, { catalogue, context });
  const comparison = await compare(source, { continuation, planning });
  const isSame = continuation.kind === 'possible' && comparison?.kind === 'same';
  const end = isSame
    ? await findCommittedEnd(source, Math.max(continuation.end, MAGIC_BYTES))
    : await committedEndFromIndex(source);
  const plan = planBackup(continuation, { comparison, committedEnd: end.position });
  const lost = plan.kind === 'full' ? await lostEndOf(source, { end, planning }) : undefined;
  if (lost !== undefined) warnOfLostEnd(source, { lost, context });
  await warnOfDebris(source, { stop: end.stop, context });
  context.onEvent({
    kind: 'backup-planned',
    source: settings.dataFs,
    repository: settings.repository,
    plan,
  });
  return { plan, newest, hasLostEnd: lost !== undefined };
}

/** The backup of this Data.fs of which it lacks the end; see {@link findLostEnd}. */
async function lostEndOf(
  source: FileSource,
  {
    end,
    planning: { store, catalogue },
  }: { readonly end: CommittedEnd; readonly planning: Planning },
): Promise<ChainLink | undefined> {
  const all = await Promise.all(catalogue.chains.map((files) => readChain(store, files)));
  // Those of another Data.fs that came here by mistake say nothing of this one.
  const chains = all.filter(({ links }) =>
    links.some(({ record }) => record?.source === source.path),
  );
  const limit = lastTidOf(chains);
  const reached = await newestTransactionUpTo(source, { end: end.position, limit });
  // A pack may take the last one away, but then it has marked all that it left in front of it.
  if (reached?.status === 'p') return undefined;
  return findLostEnd(chains, reached?.tid ?? ZERO_TID);
}

/** Cleanup spares the old backups, too; see {@link pruneFulls}. */
function warnOfLostEnd(
  source: FileSource,
  { lost, context }: { readonly lost: ChainLink; readonly context: JobContext },
): void {
  const { name } = lost.file;
  context.onEvent({
    kind: 'warning',
    text: `"${source.path}" lacks the end of what "${name}" holds, which reaches to ${reachOf(lost)}. If nobody put an earlier state or another database there, its end is lost: "restore" brings it back. Nothing old is removed; if the old backups are not needed any more, remove them by hand`,
  });
}

async function warnOfDebris(
  source: FileSource,
  { stop, context }: { readonly stop: Stop; readonly context: JobContext },
): Promise<void> {
  if (!(await isDebris(source, stop))) return;
  // A server has just finished, or given up, what it was writing when the file was opened.
  if ((await source.currentSizeBytes()) !== source.sizeBytes) return;
  context.onEvent({
    kind: 'warning',
    text: `"${source.path}" has ${source.sizeBytes - stop.position} bytes behind its last transaction that are none: they are left out of the backup, and a server cuts them off when it starts`,
  });
}

async function compare(
  source: FileSource,
  { continuation, planning }: { readonly continuation: Continuation; readonly planning: Planning },
): Promise<Comparison | undefined> {
  if (continuation.kind === 'impossible') return undefined;
  const { chain, end } = continuation;
  const { store, settings, context } = planning;
  switch (settings.comparison) {
    case 'quick':
      return compareQuickly(source, chain);
    case 'thorough':
      return withStep(context, {
        step: 'compare',
        totalBytes: end,
        work: (progress) =>
          compareThoroughly(source, {
            store,
            chain,
            progress: stoppable(progress, context.signal),
          }),
      });
    default:
      return settings.comparison satisfies never;
  }
}

/**
 * The committed end of a whole file: walked from the position that Data.fs.index tells, if a
 * transaction ends there. The bytes in front of it are walked while they are backed up.
 */
async function committedEndFromIndex(source: FileSource): Promise<CommittedEnd> {
  const position = await readIndexPosition(`${source.path}.index`);
  const isUsable =
    position !== undefined &&
    position <= source.sizeBytes &&
    (await isTransactionBoundary(source, position));
  return findCommittedEnd(source, isUsable ? position : MAGIC_BYTES);
}

/** The index begins with its position; a missing or broken one has none. */
async function readIndexPosition(path: string): Promise<number | undefined> {
  try {
    await using index = await openFileSource(path);
    const decoder = new IndexDecoder();
    decoder.feed(await index.read({ start: 0, end: Math.min(64, index.sizeBytes) }));
    return decoder.position;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

async function carryOut(
  source: FileSource,
  {
    plan,
    newest,
    hasLostEnd,
    catalogue,
    store,
    settings,
    context,
  }: Planning & {
    readonly plan: Exclude<BackupPlan, { kind: 'nothing' }>;
    readonly newest: Chain | undefined;
    readonly hasLostEnd: boolean;
  },
): Promise<WrittenBackup> {
  const totalBytes = plan.kind === 'full' ? plan.end : plan.end - plan.start;
  const now = settings.now();
  const compression = await settleCompression(settings.compression, totalBytes);
  const stamp = nextStamp(now, stampsOf(catalogue));
  const bytes = estimateStoredBytes(totalBytes, { compression, newest });
  await requireRoomFor([{ path: join(settings.repository, stamp), bytes }]);
  return withStep(context, {
    step: 'back-up',
    totalBytes,
    work: (progress) =>
      writeBackup(source, {
        store,
        plan,
        settings: {
          stamp,
          compression,
          tool: `zodbvault ${VERSION}`,
          now,
          random: settings.random,
          progress,
          signal: context.signal,
          confirm: (files) => confirm(files, { settings, context }),
          hasLostEnd,
          beforePublishing: () => refuseChangedSource(source, plan.end),
        },
      }),
  });
}

async function confirm(
  files: readonly HashedFile[],
  {
    settings,
    context,
  }: { readonly settings: Pick<BackupSettings, 'confirmation'>; readonly context: JobContext },
): Promise<void> {
  if (settings.confirmation === 'none') return;
  await withStep(context, {
    step: 'confirm',
    totalBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    work: async ({ onFile, onBytes }) => {
      for (const file of files) {
        onFile(file.name);
        await file.confirm(file.sha256, { signal: context.signal, onBytes });
      }
    },
  });
}

/** Something that writes into the open file itself (a copy over it) must not become a backup. */
async function refuseChangedSource(source: FileSource, end: number): Promise<void> {
  const isThere =
    (await source.currentSizeBytes()) >= end &&
    (end <= MAGIC_BYTES || (await transactionEndingAt(source, end)) !== undefined);
  if (isThere) return;
  throw new Failure('damaged', `Cannot back up "${source.path}": it was overwritten meanwhile`, {
    hint: 'Nothing was kept. Run the backup again when whatever wrote the file has ended.',
  });
}

/**
 * A pack gives the path a new file. What was read is the old one, complete up to the pack: a good
 * backup of that moment. The next backup will find other bytes and be a full one.
 */
async function noticeReplacement(source: FileSource, { onEvent }: JobContext): Promise<void> {
  if (await isStillAt(source.path, source.identity)) return;
  onEvent({ kind: 'source-replaced', source: source.path });
}
