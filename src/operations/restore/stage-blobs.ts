import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { findTar } from '../../blobs/archive/tar.ts';
import { findRsync } from '../../blobs/copy/rsync.ts';
import { canBeRenamed, placeOfBlobs, refuseLostLink } from '../../blobs/layout/blob-place.ts';
import { type BlobChoice, chooseBlobs, chooseBlobsAs23 } from '../../blobs/layout/choose.ts';
import { isReplacedArchive } from '../../blobs/layout/replaced-archive.ts';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import { type OwnBlobs, readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import {
  dateOf,
  isNamed,
  type RestoreTarget,
  refuseBeyond,
} from '../../repository/restore-target.ts';
import { requireBackups } from '../../stores/require-backups.ts';
import { Failure, withSystemErrors } from '../../system/failure.ts';
import { makeFolder } from '../../system/files/make-folder.ts';
import { NewDirectory } from '../../system/files/new-directory.ts';
import { isThere } from '../../system/files/presence.ts';
import {
  contentsReplacementOf,
  insidePath,
  type Replacement,
  removeAll,
  replacementOf,
  stagedPath,
} from '../../system/files/replacement.ts';
import type { JobContext } from '../run/events.ts';
import type { BlobRestorePlan, BlobRestoreSettings } from './blob-restore-plan.ts';
import { checkArchives, extractChain } from './blobs/restore-blob-archives.ts';
import { checkCopy, restoreCopy } from './blobs/restore-blob-copy.ts';
import { keepRightsOfFolder } from './keep-ownership.ts';
import type { CutOfRestore } from './moment/cut-log.ts';
import { fitBlobs } from './moment/fit-blobs.ts';

/**
 * Finds the blob backup that belongs to a restore point, and looks whether everything is there that
 * restoring it takes. Failure `not-found` where there is none, `damaged` for a chain with a gap,
 * `program` where rsync or tar is missing.
 */
export async function planBlobRestore(
  settings: BlobRestoreSettings,
  backups: OpenBackups,
): Promise<BlobRestorePlan> {
  const { folder, repository, wanted, rules, copier } = settings;
  await requireBackups((await backups.blobFolder(folder)).store, { kind: 'find-blob-backups' });
  const catalogue = await readOwnBlobs(settings, { repository, backups });
  const choice =
    rules === '2.3' ? chooseBlobsAs23(catalogue, settings) : chooseBlobs(catalogue, settings);
  if (choice === undefined) {
    const date = dateOf(wanted);
    const isEmpty = catalogue.entries.length === 0 || date === undefined;
    throw new Failure(
      'not-found',
      isEmpty
        ? `There are no backups in ${folder}`
        : `Could not find backup of '${date}' or earlier`,
      {
        hint:
          isEmpty && catalogue.others.length > 0
            ? `Nothing was replaced. What is in "${folder}" belongs to another repository than "${repository}".`
            : isEmpty
              ? { kind: 'without-blobs' }
              : `Nothing was replaced. Look at the names in "${folder}", and name a later date.`,
      },
    );
  }
  if (settings.moment.kind === 'target') {
    refuseBeyond(
      wanted,
      catalogue.entries
        .map(({ stamp }) => stamp)
        .sort()
        .at(-1),
    );
    refuseGuess(choice, { catalogue, wanted });
  }
  if (choice.kind === 'archives') await findTar();
  else if (copier.kind === 'rsync') await findRsync();
  const target = await placeOfBlobs(settings.target);
  await refuseLostLink(settings.target, target);
  return { settings, choice, catalogue, target, replaces: await isThere(target) };
}

/**
 * Of blobs alone, only their records tell whose they are. Failure `refused` where the folder has those of several
 * directories, none of which is the one that is restored, and nobody has named one by its whole date.
 */
function refuseGuess(
  { entry }: BlobChoice,
  { catalogue, wanted }: { readonly catalogue: OwnBlobs; readonly wanted: RestoreTarget },
): void {
  if (catalogue.isCertain(entry) || isNamed(entry.stamp, wanted)) return;
  const madeOf = new Map(
    [...catalogue.entries].reverse().map(({ record, stamp }) => [record?.source, stamp]),
  );
  if (madeOf.size < 2) return;
  const each = [...madeOf].map(
    ([source, stamp]) => `${stamp} of ${source === undefined ? 'an unknown one' : `"${source}"`}`,
  );
  throw new Failure(
    'refused',
    `Cannot tell which blobs in "${catalogue.store.name}" are meant: they are backups of several directories, the newest are ${each.join(', ')}`,
    {
      hint: { kind: 'whole-date' },
    },
  );
}

/** A blob directory, complete and on the disk beside the one that it will replace. */
export interface StagedBlobs extends AsyncDisposable {
  /** The renames that are left to do. */
  steps(): Promise<readonly Replacement[]>;
  /** Leaves the directory to a journal. */
  handOver(): void;
}

/**
 * Makes the restored blob directory. The live one is not touched.
 *
 * @param anchor - where the journal of the restore is
 * @param cut - the log to which they belong, where that is cut
 */
export async function stageBlobs(
  plan: BlobRestorePlan,
  {
    anchor,
    cut,
    context,
  }: {
    readonly anchor: string;
    readonly cut: CutOfRestore | undefined;
    readonly context: JobContext;
  },
): Promise<StagedBlobs> {
  const { choice, target, catalogue } = plan;
  context.onEvent({
    kind: 'restore-begins',
    source: catalogue.store.nameOf(choice.entry.name),
    target,
  });
  const { wasMade } = await makeFolder(dirname(target));
  if (wasMade) context.onEvent({ kind: 'folder-made', path: dirname(target) });
  const isMovable = await canBeRenamed(target);
  const staged = stagedPath(isMovable ? target : insidePath(target), anchor);
  const directory = NewDirectory.reserve(target, staged);
  try {
    const tree = directory.temporaryPath;
    await fill(plan, { tree, context });
    if (cut !== undefined) await fitBlobs(plan, { tree, of: cut, context });
    if (isMovable) await keepRightsOfFolder(directory.temporaryPath, target);
    await directory.complete();
    context.signal.throwIfAborted();
  } catch (error) {
    await directory[Symbol.asyncDispose]();
    throw error;
  }
  return {
    steps: async () => [
      isMovable
        ? await replacementOf(target, { kind: 'directory', staged })
        : contentsReplacementOf(target, staged),
    ],
    handOver: () => directory.handOver(),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

async function fill(
  plan: BlobRestorePlan,
  { tree, context }: { readonly tree: string; readonly context: JobContext },
): Promise<void> {
  const { choice, catalogue } = plan;
  const { store } = catalogue;
  switch (choice.kind) {
    case 'directory':
      return restoreCopy(plan, { tree, context });
    case 'archives':
      await warnOfReplacedArchive(plan, context);
      await extractChain(choice, {
        store,
        tree,
        context,
        ...(await checkArchives(choice, { store, context })),
      });
      return;
    default:
      choice satisfies never;
  }
}

/** Reads a blob backup before anything is removed for it. Failure `damaged`. */
export async function checkBlobs(plan: BlobRestorePlan, context: JobContext): Promise<void> {
  const { choice, catalogue } = plan;
  if (choice.kind === 'directory') return checkCopy(plan, context);
  await checkArchives(choice, { store: catalogue.store, context });
}

/** Removes the live blobs for good, to make room. A directory that can't be renamed stays, empty. */
export async function removeLiveBlobs({ target, replaces }: BlobRestorePlan): Promise<void> {
  if (!replaces) return;
  if (await canBeRenamed(target)) return removeAll(target);
  const names = await withSystemErrors(`list "${target}"`, () => readdir(target));
  for (const name of names) await removeAll(join(target, name));
}

/** Of numbered archives, nothing more can be told: another program may have renamed them. */
async function warnOfReplacedArchive(
  { choice: { entry }, settings: { folder, source } }: BlobRestorePlan,
  { onEvent, backups, signal }: JobContext,
): Promise<void> {
  const catalogue = await (await backups.blobFolder(folder)).catalogue(basename(source));
  const found = catalogue.entries.find(({ name }) => name === entry.name);
  if (found === undefined || !(await isReplacedArchive(catalogue, { entry: found, signal })))
    return;
  onEvent({
    kind: 'warning',
    code: 'archive-replaced',
    path: catalogue.store.nameOf(entry.name),
  });
}
