import { randomBytes } from 'node:crypto';
import { readSums } from '../../../blobs/checksums/checksums-file.ts';
import type { BlobEntry as BlobBackup } from '../../../blobs/layout/catalogue.ts';
import { treeIn } from '../../../blobs/layout/tree-in.ts';
import { type BlobEntry, BlobList } from '../../../copies/layout/blob-list.ts';
import { encodeBlobManifest } from '../../../copies/layout/blob-manifest.ts';
import { blobKey, filesPrefix, manifestKey } from '../../../copies/layout/keys.ts';
import type { CopiedOtherFile } from '../../../copies/layout/point-details.ts';
import { AS_IS } from '../../../copies/layout/stored-form.ts';
import type { StoredObjectRecord } from '../../../copies/layout/stored-object.ts';
import { hashOf, storeOnce } from '../../../copies/store-object.ts';
import { LAYOUT_FILE, parseBlobPath, parseLayout } from '../../../filestorage/blob-layout.ts';
import type { Oid } from '../../../filestorage/oid.ts';
import type { Tid } from '../../../filestorage/tid.ts';
import { SMALL_OBJECT_BYTES } from '../../../stores/objects/object-store.ts';
import type { TreeReader } from '../../../stores/tree-reader.ts';
import { collectSmall, each, inParallel, tap } from '../../../system/streams/pipeline.ts';
import { type KnownBlobs, readKnownBlobs } from './known-blobs.ts';
import { type PushedBlobs, type PushingBlobs, stampedName } from './push-archives.ts';
import { pushObject, storeInForm } from './push-run.ts';

/** Small objects on their way at once: they are in memory meanwhile. A large one goes alone, in several parts at once. */
const AT_ONCE = 8;

/** A manifest with more of its base changed than this says all itself. */
const MOST_CHANGED = 0.25;

/** A file of a copy of a blob directory. */
interface CopyFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** As was written down when it was copied. */
  readonly sha256: string | undefined;
}

type BlobFile = CopyFile & { readonly oid: Oid; readonly tid: Tid };

/** Copies a copy of a blob directory: what revisions it has that the copy lacks, then the list of all. */
export async function pushBlobCopy(entry: BlobBackup, pushing: PushingBlobs): Promise<PushedBlobs> {
  const { store, place, run } = pushing;
  const tree = await treeIn(entry, store);
  const known = await readKnownBlobs(place.storage, run);
  const entries = new BlobList();
  const large: BlobFile[] = [];
  const others: CopyFile[] = [];
  let firstBlob: string | undefined;
  // What is there already, and what has to wait, is put aside: of perhaps a million files, few are in memory at once.
  const smallAndLacking = async function* (): AsyncGenerator<BlobFile> {
    for await (const file of filesOf(entry, { tree, pushing })) {
      const revision = parseBlobPath(file.path);
      if (revision === undefined) {
        others.push(file);
        continue;
      }
      firstBlob ??= file.path;
      const blob = { ...file, ...revision };
      const there = known.find(blob);
      if (there !== undefined) entries.add(there);
      else if (blob.sizeBytes > SMALL_OBJECT_BYTES) large.push(blob);
      else yield blob;
    }
  };
  const work = (blob: BlobFile) => pushBlob(blob, { tree, pushing });
  for await (const one of inParallel(smallAndLacking(), { limit: AT_ONCE, work })) entries.add(one);
  for (const blob of large) entries.add(await work(blob));
  const copiedOthers: CopiedOtherFile[] = [];
  for (const file of others) copiedOthers.push(await pushOther(file, { tree, pushing }));
  const manifest = await pushManifest(entry, { entries, known, pushing });
  const name = stampedName(entry);
  const layout = await layoutOf(tree, { firstBlob, others });
  return {
    blobs: {
      ...{ kind: 'directory', stamp: entry.stamp, name, base: entry.base, manifest },
      others: copiedOthers.map(({ stored }) => stored),
      files: entries.length + others.length,
      bytes: sizeOf(entries) + sizeOf(others),
    },
    details: {
      blobRecords: entry.record === undefined ? {} : { [name]: entry.record },
      ...(layout && { layout }),
      others: copiedOthers,
    },
  };
}

function sizeOf(files: Iterable<{ readonly sizeBytes: number }>): number {
  let sum = 0;
  for (const { sizeBytes } of files) sum += sizeBytes;
  return sum;
}

async function* filesOf(
  entry: BlobBackup,
  { tree, pushing: { store, run } }: { readonly tree: TreeReader; readonly pushing: PushingBlobs },
): AsyncGenerator<CopyFile> {
  const found = await readSums(store.tree(entry.name), entry.record);
  const sums = found.kind === 'found' ? found.sums : undefined;
  for await (const inFolder of tree.walk()) {
    run.storing.signal.throwIfAborted();
    for (const one of inFolder) {
      if (one.kind !== 'file') continue;
      const { path, sizeBytes } = one;
      yield { path, sizeBytes, sha256: sums?.find(path) };
    }
  }
}

async function pushBlob(
  { oid, tid, path, sizeBytes, sha256 }: BlobFile,
  { tree, pushing }: { readonly tree: TreeReader; readonly pushing: PushingBlobs },
): Promise<BlobEntry> {
  const { place, run } = pushing;
  const form = run.forms.others;
  const key = blobKey({ storage: place.storage, form: AS_IS }, { oid, tid });
  const object = { key, read: () => tree.read(path), sizeBytes, sha256 };
  const stored = await pushObject(object, { ...pushing, form });
  const size = form.length === 0 ? {} : { storedBytes: stored.sizeBytes };
  return { oid, tid, sizeBytes, sha256: stored.sha256, suffix: stored.suffix, ...size };
}

/** What has the same bytes is one object, where it is stored as it is: a name that is made of a content would tell it. */
async function pushOther(
  { path, sizeBytes, sha256 }: CopyFile,
  { tree, pushing: { place, run } }: { readonly tree: TreeReader; readonly pushing: PushingBlobs },
): Promise<CopiedOtherFile> {
  const known = sha256 ?? (await hashOf(tree.read(path)));
  const form = run.forms.others;
  const name = form.length === 0 ? known : randomBytes(16).toString('hex');
  const object = {
    key: filesPrefix(place.storage) + name,
    read: () => tree.read(path),
    sizeBytes,
    sha256: known,
  };
  const { suffix: _, ...stored } = await storeInForm(object, { run, form });
  return { path, sizeBytes, sha256: known, stored };
}

async function pushManifest(
  { stamp }: BlobBackup,
  {
    entries,
    known,
    pushing: { place, run },
  }: {
    readonly entries: BlobList;
    readonly known: KnownBlobs;
    readonly pushing: PushingBlobs;
  },
): Promise<StoredObjectRecord> {
  const changes = known.changesTo(entries);
  const isSmall =
    changes !== undefined &&
    changes.blobs.length + changes.gone.length <= MOST_CHANGED * changes.baseCount;
  const content = isSmall
    ? { base: changes.base, blobs: changes.blobs, gone: changes.gone }
    : { blobs: entries, gone: [] };
  const read = () => each(encodeBlobManifest({ stamp, form: run.forms.others, ...content }));
  let sizeBytes = 0;
  const sha256 = await hashOf(tap(read(), ({ length }) => (sizeBytes += length)));
  const object = { key: manifestKey(place, { stamp, sha256 }), read, sizeBytes, sha256 };
  const { suffix: _, ...stored } = await storeOnce(run.site, object, run.storing);
  return stored;
}

/** As the file says that names it, or else as the path of a blob shows. */
async function layoutOf(
  tree: TreeReader,
  {
    firstBlob,
    others,
  }: { readonly firstBlob: string | undefined; readonly others: readonly CopyFile[] },
): Promise<'bushy' | 'lawn' | undefined> {
  if (others.some(({ path }) => path === LAYOUT_FILE)) {
    const named = parseLayout((await collectSmall(tree.read(LAYOUT_FILE))).toString('utf8'));
    if (named !== undefined) return named;
  }
  if (firstBlob === undefined) return undefined;
  return firstBlob.split('/').length > 2 ? 'bushy' : 'lawn';
}
