import { chmod, lchown, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { someOf } from '../../../blobs/layout/summarize-names.ts';
import { type BlobLayout, blobPath, parseBlobPath } from '../../../filestorage/blob-layout.ts';
import type { Cut } from '../../../repository/moment/cut.ts';
import { folderTree } from '../../../stores/folder-tree.ts';
import { Failure, isFailure, withSystemErrors } from '../../../system/failure.ts';
import { makeFolder } from '../../../system/files/make-folder.ts';
import { NewFile } from '../../../system/files/new-file.ts';
import { statOf } from '../../../system/files/presence.ts';
import { PRIVATE } from '../../../system/files/rights.ts';
import { giveWay } from '../../../system/streams/cooperative.ts';
import type { JobContext } from '../../run/events.ts';
import { layoutOf } from '../../verify/blob-sizes.ts';
import type { BlobRestorePlan } from '../blob-restore-plan.ts';
import { type BlobSource, blobPathIn, blobSources } from './blob-sources.ts';
import type { CutOfRestore, HeldBlob } from './cut-log.ts';

/**
 * Makes a restored blob directory that of a moment. The backup that it was made of is of another one: what was committed
 * later goes; what the log holds and the backup doesn't is looked for in other backups, and last in the live directory.
 * Failure `damaged` where the current revision of a blob is nowhere, unless that is accepted; `system` where it may be
 * in what can't be read.
 */
export async function fitBlobs(
  plan: BlobRestorePlan,
  {
    tree,
    of: { point, cut, log },
    context,
  }: { readonly tree: string; readonly of: CutOfRestore; readonly context: JobContext },
): Promise<void> {
  const { signal } = context;
  await removeLater(tree, { cut, signal });
  const layout = await layoutOf(folderTree(tree));
  let lacking = await lackingIn(tree, { blobs: log.blobs(), signal });
  if (lacking.length === 0) return;
  const stamps = new Set(point.links.map(({ file }) => file.stamp));
  const unread: Failure[] = [];
  const onUnread = (failure: Failure) => void unread.push(failure);
  for await (const source of blobSources(plan, { stamps, onUnread, context })) {
    const left: HeldBlob[] = [];
    const taken: string[] = [];
    for (const blob of lacking) {
      signal.throwIfAborted();
      const bytes = await source.find(blob);
      const path = bytes && (await takeOver(bytes, { blob, tree, layout, plan }));
      if (path === undefined) left.push(blob);
      else taken.push(path);
    }
    tellTaken(source, { taken, context });
    lacking = left;
    if (lacking.length === 0) return;
  }
  const [first] = unread;
  if (first !== undefined && plan.settings.damagedBlobs === 'refuse') throw first;
  judgeLacking(plan, { lacking, layout, context });
}

/** Removes the blobs of later transactions. */
async function removeLater(
  tree: string,
  { cut, signal }: { readonly cut: Cut; readonly signal: AbortSignal },
): Promise<void> {
  for await (const entries of folderTree(tree).walk()) {
    for (const { kind, path } of entries) {
      const isLater = kind !== 'folder' && (parseBlobPath(path)?.tid ?? cut.tid) > cut.tid;
      if (!isLater) continue;
      await giveWay(signal);
      const file = join(tree, path);
      await withSystemErrors(`remove "${file}"`, () => unlink(file));
      await removeEmpty(dirname(path), tree);
    }
  }
}

/** Folders of objects that were not there yet. */
async function removeEmpty(folder: string, tree: string): Promise<void> {
  for (let path = folder; path !== '.'; path = dirname(path)) {
    const isGone = await rmdir(join(tree, path)).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}

async function lackingIn(
  tree: string,
  { blobs, signal }: { readonly blobs: Iterable<HeldBlob>; readonly signal: AbortSignal },
): Promise<readonly HeldBlob[]> {
  const restored = folderTree(tree);
  const lacking: HeldBlob[] = [];
  for (const blob of blobs) {
    signal.throwIfAborted();
    if ((await blobPathIn(restored, blob)) === undefined) lacking.push(blob);
  }
  return lacking;
}

/** Undefined where the copy is not what was backed up: another may be. */
async function takeOver(
  bytes: AsyncIterable<Uint8Array>,
  {
    blob,
    tree,
    layout,
    plan: { target },
  }: {
    readonly blob: HeldBlob;
    readonly tree: string;
    readonly layout: BlobLayout;
    readonly plan: BlobRestorePlan;
  },
): Promise<string | undefined> {
  const path = blobPath(layout, blob);
  const place = join(tree, path);
  await makeFolder(dirname(place), { rights: PRIVATE });
  await using file = await NewFile.create(place, { rights: PRIVATE });
  try {
    await file.write(bytes);
  } catch (error) {
    // Backups of another kind are not locked: they may be removed meanwhile.
    if (!isFailure(error, 'damaged', 'not-found')) throw error;
    return undefined;
  }
  await file.complete();
  await file.publish();
  await makeLikeOthers(path, {
    tree,
    owner: (await statOf(target)) ?? (await statOf(dirname(target))),
  });
  return path;
}

/** A server lets nobody write to a blob that was committed; what root restores belongs to whom the rest does. */
async function makeLikeOthers(
  path: string,
  {
    tree,
    owner,
  }: {
    readonly tree: string;
    readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  },
): Promise<void> {
  await withSystemErrors(`set the rights of "${path}"`, async () => {
    await chmod(join(tree, path), READ_BY_OWNER);
    if (process.getuid?.() !== 0 || owner === undefined) return;
    for (let one = path; one !== '.'; one = dirname(one)) {
      await lchown(join(tree, one), owner.uid, owner.gid);
    }
  });
}

const READ_BY_OWNER = 0o400;

function tellTaken(
  { kind, name: from }: BlobSource,
  { taken, context }: { readonly taken: readonly string[]; readonly context: JobContext },
): void {
  if (taken.length === 0) return;
  context.onEvent(
    kind === 'live'
      ? { kind: 'warning', code: 'blobs-of-live-site', from, ...someOf(taken) }
      : { kind: 'notice', code: 'blobs-of-other-copy', from, ...someOf(taken) },
  );
}

function judgeLacking(
  { settings: { damagedBlobs }, target }: BlobRestorePlan,
  {
    lacking,
    layout,
    context: { onEvent },
  }: {
    readonly lacking: readonly HeldBlob[];
    readonly layout: BlobLayout;
    readonly context: JobContext;
  },
): void {
  const pathsOf = (isCurrent: boolean) =>
    lacking.filter((one) => one.isCurrent === isCurrent).map((one) => blobPath(layout, one));
  const current = pathsOf(true);
  const earlier = pathsOf(false);
  const [first] = current;
  if (first !== undefined && damagedBlobs === 'refuse') {
    const others = current.length > 1 ? `, and ${current.length - 1} more` : '';
    throw new Failure(
      'damaged',
      `Cannot restore "${target}": the blob "${first}"${others} of that moment is in no copy`,
      { hint: { kind: 'accept-damaged-blobs' } },
    );
  }
  if (current.length > 0) {
    onEvent({ kind: 'warning', code: 'blobs-missing', is: 'current', target, ...someOf(current) });
  }
  if (earlier.length > 0) {
    onEvent({ kind: 'warning', code: 'blobs-missing', is: 'earlier', target, ...someOf(earlier) });
  }
}
