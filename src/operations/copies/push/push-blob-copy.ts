import { randomBytes } from 'node:crypto';
import { readSums } from '../../../blobs/checksums/checksums-file.ts';
import type { BlobEntry as BlobBackup } from '../../../blobs/layout/catalogue.ts';
import { treeIn } from '../../../blobs/layout/tree-in.ts';
import {
  type BlobEntry,
  encodeBlobManifest,
  revisionKey,
} from '../../../copies/layout/blob-manifest.ts';
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
  const { blobs, others } = await filesOf(entry, { tree, pushing });
  const known = await readKnownBlobs(place.storage, run);
  const entries: BlobEntry[] = [];
  const wanted: BlobFile[] = [];
  for (const blob of blobs) {
    const there = known.find(blob);
    if (there === undefined) wanted.push(blob);
    else entries.push(there);
  }
  const work = (blob: BlobFile) => pushBlob(blob, { tree, pushing });
  const small = wanted.filter(({ sizeBytes }) => sizeBytes <= SMALL_OBJECT_BYTES);
  const large = wanted.filter(({ sizeBytes }) => sizeBytes > SMALL_OBJECT_BYTES);
  for await (const one of inParallel(each(small), { limit: AT_ONCE, work })) entries.push(one);
  for (const blob of large) entries.push(await work(blob));
  const copiedOthers: CopiedOtherFile[] = [];
  for (const file of others) copiedOthers.push(await pushOther(file, { tree, pushing }));
  const manifest = await pushManifest(entry, { entries, known, pushing });
  const name = stampedName(entry);
  const layout = await layoutOf(tree, { blobs, others });
  return {
    blobs: {
      ...{ kind: 'directory', stamp: entry.stamp, name, base: entry.base, manifest },
      others: copiedOthers.map(({ stored }) => stored),
      files: blobs.length + others.length,
      bytes: [...blobs, ...others].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    },
    details: {
      blobRecords: entry.record === undefined ? {} : { [name]: entry.record },
      ...(layout && { layout }),
      others: copiedOthers,
    },
  };
}

async function filesOf(
  entry: BlobBackup,
  { tree, pushing: { store, run } }: { readonly tree: TreeReader; readonly pushing: PushingBlobs },
): Promise<{ readonly blobs: readonly BlobFile[]; readonly others: readonly CopyFile[] }> {
  const found = await readSums(store.tree(entry.name), entry.record);
  const sums = found.kind === 'found' ? found.sums : undefined;
  const blobs = new Map<string, BlobFile>();
  const others: CopyFile[] = [];
  for await (const inFolder of tree.walk()) {
    run.storing.signal.throwIfAborted();
    for (const one of inFolder) {
      if (one.kind !== 'file') continue;
      const { path, sizeBytes } = one;
      const file = { path, sizeBytes, sha256: sums?.find(path) };
      const revision = parseBlobPath(path);
      if (revision === undefined) others.push(file);
      else blobs.set(revisionKey(revision), { ...file, ...revision });
    }
  }
  return { blobs: [...blobs.values()], others };
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
    readonly entries: readonly BlobEntry[];
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
  { blobs, others }: { readonly blobs: readonly BlobFile[]; readonly others: readonly CopyFile[] },
): Promise<'bushy' | 'lawn' | undefined> {
  if (others.some(({ path }) => path === LAYOUT_FILE)) {
    const named = parseLayout((await collectSmall(tree.read(LAYOUT_FILE))).toString('utf8'));
    if (named !== undefined) return named;
  }
  const [first] = blobs;
  if (first === undefined) return undefined;
  return first.path.split('/').length > 2 ? 'bushy' : 'lawn';
}
