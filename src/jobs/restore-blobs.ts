import { mkdir, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readBlobCatalogue } from '../blobs/catalogue.ts';
import { type BlobChoice, chooseBlobs, chooseBlobsAs23, type Wanted } from '../blobs/choose.ts';
import { copyTree, countTree } from '../blobs/copy-tree.ts';
import { inspectArchive } from '../blobs/inspect-archive.ts';
import { isLeftOut } from '../blobs/left-out.ts';
import { copyWithRsync, findRsync } from '../blobs/rsync.ts';
import { extractArchive, findTar } from '../blobs/tar.ts';
import { treeIn } from '../blobs/tree-in.ts';
import type { BlobCopier } from '../sites/site.ts';
import { makeFolder, requireFolder } from '../stores/folder-store.ts';
import { adopting, Failure, systemCodeOf } from '../system/failure.ts';
import { NewDirectory, replacedPath } from '../system/new-directory.ts';
import { syncDirectory } from '../system/new-file.ts';
import { type JobContext, programEvents } from './events.ts';

/** What of a blob directory is to be restored. */
export interface BlobRestoreSettings {
  /** The folder with its backups. */
  readonly folder: string;
  /** The live blob directory. */
  readonly target: string;
  readonly wanted: Wanted;
  /** As it was typed; undefined: the newest. */
  readonly date: string | undefined;
  readonly rules: '2.3' | '6.0';
  readonly copier: BlobCopier;
}

/** What a restore of blobs will do; nothing has been touched yet. */
export interface BlobRestorePlan {
  readonly settings: BlobRestoreSettings;
  readonly choice: BlobChoice;
  /** The directory that is replaced: a link to it stays. */
  readonly target: string;
  /** Whether it is there. */
  readonly replaces: boolean;
}

/**
 * Finds the blob backup that belongs to a restore point, and looks whether everything is there that
 * restoring it takes. Failure `not-found` where there is none, `damaged` for a chain with a gap,
 * `program` where rsync or tar is missing.
 */
export async function planBlobRestore(settings: BlobRestoreSettings): Promise<BlobRestorePlan> {
  const { folder, date, wanted, rules, copier } = settings;
  await requireFolder(folder);
  const catalogue = await readBlobCatalogue(folder, basename(settings.target));
  const { preferred } = wanted;
  const choice =
    rules === '2.3'
      ? chooseBlobsAs23(catalogue, { date, preferred })
      : chooseBlobs(catalogue, wanted);
  if (choice === undefined) {
    const isEmpty = catalogue.entries.length === 0 || date === undefined;
    throw new Failure(
      'not-found',
      isEmpty
        ? `There are no backups in ${folder}`
        : `Could not find backup of '${date}' or earlier`,
      { hint: `Nothing was replaced. Look at the names in "${folder}", and name a later date.` },
    );
  }
  if (choice.kind === 'archives') await findTar();
  else if (copier.kind === 'rsync') await findRsync();
  const target = await resolveTarget(settings.target);
  return { settings, choice, target, replaces: await isThere(target) };
}

/** A link to a directory on another disk stays a link, wherever it leads. */
async function resolveTarget(path: string): Promise<string> {
  return adopting(`find the blob directory "${path}"`, async () => {
    try {
      return await realpath(path);
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw error;
      return join(await realpathOfParent(path), basename(path));
    }
  });
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function realpathOfParent(path: string): Promise<string> {
  return realpath(dirname(path)).catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return dirname(path);
    throw error;
  });
}

/** A blob directory, complete and on the disk beside the one that it will replace. */
export interface StagedBlobs extends AsyncDisposable {
  /** Puts it in its place; only renames are left to do. */
  swap(): Promise<void>;
}

/** Makes the restored blob directory. The live one is not touched before {@link StagedBlobs.swap}. */
export async function stageBlobs(plan: BlobRestorePlan, context: JobContext): Promise<StagedBlobs> {
  const { choice, target, settings } = plan;
  context.onEvent({
    kind: 'restore-begins',
    source: join(settings.folder, choice.entry.name),
    target,
  });
  if (choice.match === 'earlier') {
    context.onEvent({
      kind: 'warning',
      text: `no blob backup of that moment is there; "${choice.entry.name}" is an earlier one: the newest blobs may be missing`,
    });
  }
  const { wasMade } = await makeFolder(dirname(target));
  if (wasMade) context.onEvent({ kind: 'folder-made', path: dirname(target) });
  const place = (await isMountPoint(target)) ? 'inside' : 'beside';
  const directory = NewDirectory.reserve(place === 'inside' ? join(target, 'restored') : target);
  try {
    await fill(plan, { tree: directory.temporaryPath, context });
    await directory.complete();
    context.signal.throwIfAborted();
  } catch (error) {
    await directory[Symbol.asyncDispose]();
    throw error;
  }
  return {
    swap: () => (place === 'beside' ? directory.publish() : swapContents(directory, target)),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

async function fill(
  plan: BlobRestorePlan,
  { tree, context }: { readonly tree: string; readonly context: JobContext },
): Promise<void> {
  const { choice, target, settings } = plan;
  switch (choice.kind) {
    case 'directory': {
      const source = await treeIn(join(settings.folder, choice.entry.name));
      const live = await stat(target).catch(() => undefined);
      const linkTo = live?.isDirectory() ? target : undefined;
      await copyBack({ source, tree, linkTo, copier: settings.copier, context });
      const expected = choice.entry.record?.content;
      const found = await countTree(tree, context.signal);
      if (
        expected !== undefined &&
        (expected.files !== found.files || expected.bytes !== found.bytes)
      ) {
        throw incomplete(source, `${found.files} of ${expected.files} files are there`);
      }
      return;
    }
    case 'archives':
      await extractChain(choice, { folder: settings.folder, tree, context });
      return;
    default:
      choice satisfies never;
  }
}

async function copyBack({
  source,
  tree,
  linkTo,
  copier,
  context,
}: {
  readonly source: string;
  readonly tree: string;
  readonly linkTo: string | undefined;
  readonly copier: BlobCopier;
  readonly context: JobContext;
}): Promise<void> {
  const paths = { source, target: tree, linkTo, sameness: 'content', of: 'backup' } as const;
  if (copier.kind === 'own') await copyTree({ ...paths, signal: context.signal });
  else await copyWithRsync({ ...paths, options: copier.rsyncOptions, ...programEvents(context) });
}

async function extractChain(
  choice: Extract<BlobChoice, { kind: 'archives' }>,
  {
    folder,
    tree,
    context,
  }: { readonly folder: string; readonly tree: string; readonly context: JobContext },
): Promise<void> {
  const { chain } = choice;
  const { signal } = context;
  for (const { name, record } of chain) {
    const path = join(folder, name);
    const { sha256 } = await inspectArchive(path, { signal });
    if (record?.archive !== undefined && record.archive.sha256 !== sha256) {
      throw incomplete(path, 'its checksum is not the one that was recorded');
    }
  }
  await adopting(`create the folder "${tree}"`, () => mkdir(tree, { mode: 0o700 }));
  const kind = chain.length > 1 ? 'of-a-chain' : 'alone';
  const { onCommand } = programEvents(context);
  for (const { name } of chain) {
    await extractArchive(join(folder, name), { target: tree, kind, onCommand, signal });
  }
  if (kind === 'of-a-chain') await refuseGaps(join(folder, choice.entry.name), { tree, signal });
}

/** The last archive lists every file that there was: one that is missing was in a lost archive. */
async function refuseGaps(
  archive: string,
  { tree, signal }: { readonly tree: string; readonly signal: AbortSignal },
): Promise<void> {
  const listed: string[] = [];
  const missing: string[] = [];
  const check = async () => {
    for (const path of listed.splice(0)) {
      if (!(await isThere(join(tree, path)))) missing.push(path);
    }
  };
  await inspectArchive(archive, {
    signal,
    onFolder: ({ path, files }) => {
      const depth = path.split('/').filter((part) => part !== '' && part !== '.').length;
      for (const name of files) if (!isLeftOut(name, depth)) listed.push(join(path, name));
    },
  });
  await check();
  if (missing.length === 0) return;
  throw incomplete(archive, `files that it lists are in none of its chain, as "${missing[0]}"`);
}

function incomplete(path: string, state: string): Failure {
  return new Failure('damaged', `Cannot restore "${path}": ${state}`, {
    hint: 'Nothing was replaced. Restore to another date.',
  });
}

/** A directory that is a mount point can't be renamed; what is in it can. */
async function isMountPoint(path: string): Promise<boolean> {
  const [own, parent] = await Promise.all([
    stat(path).catch(() => undefined),
    stat(dirname(path)).catch(() => undefined),
  ]);
  return own !== undefined && parent !== undefined && own.dev !== parent.dev;
}

/** Puts everything in a directory aside, and the content of the new one in its place. */
async function swapContents({ temporaryPath }: NewDirectory, target: string): Promise<void> {
  await adopting(`replace what is in "${target}"`, async () => {
    const old = replacedPath(join(target, 'restored'));
    const live = await readdir(target);
    const restored = await readdir(temporaryPath);
    await mkdir(old, { mode: 0o700 });
    for (const name of live) {
      if (name !== basename(temporaryPath)) await rename(join(target, name), join(old, name));
    }
    for (const name of restored) await rename(join(temporaryPath, name), join(target, name));
    await syncDirectory(target);
    await rm(old, { recursive: true, force: true });
  });
}
