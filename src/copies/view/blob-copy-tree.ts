import { encodeSums, SumDraft } from '../../blobs/checksums/checksums.ts';
import { SUMS_FILE } from '../../blobs/checksums/checksums-file.ts';
import { type BlobRecord, RECORD_IN_DIRECTORY } from '../../blobs/layout/record.ts';
import { type BlobLayout, blobPath, parseBlobPath } from '../../filestorage/blob-layout.ts';
import { encodeJsonRecord } from '../../stores/json-record.ts';
import { derivedFile } from '../../stores/shown/shown-file.ts';
import { shownTree, type TreeFile } from '../../stores/shown/shown-tree.ts';
import type { TreeReader } from '../../stores/tree-reader.ts';
import type { BlobEntry, BlobManifest } from '../layout/blob-manifest.ts';
import { blobKey } from '../layout/keys.ts';
import type { CopyPlace } from '../layout/place.ts';
import type { CopiedOtherFile } from '../layout/point-details.ts';
import type { StoredObjectRecord } from '../layout/stored-object.ts';
import { readBlobs } from '../read-copy.ts';
import { type ReadableObjects, storedFile } from './stored-file.ts';

/** A backup of a blob directory, as a restore point tells it. */
export interface CopiedDirectory extends ReadableObjects {
  readonly place: CopyPlace;
  /** Name of the blob directory. */
  readonly base: string;
  readonly layout: BlobLayout;
  readonly manifest: StoredObjectRecord;
  /** Its files that are no blobs. */
  readonly others: readonly CopiedOtherFile[];
  readonly record: BlobRecord;
}

/** A server lets nobody write to a blob that was committed (ZODB, `blob.py`). */
const BLOB_MODE = 0o100400;
const FILE_MODE = 0o100600;

/**
 * The tree of a backup of blobs: the copy of the blob directory, and beside it our record and our sums. The list of the
 * blobs is read when somebody asks for one of them, or for their sums.
 */
export function blobCopyTree(name: string, copied: CopiedDirectory): TreeReader {
  const { base, record, others } = copied;
  const recordFile = derivedIn(name, RECORD_IN_DIRECTORY, encodeJsonRecord(record));
  const small = new Map([
    [RECORD_IN_DIRECTORY, recordFile],
    ...others.map((one) => [`${base}/${one.path}`, otherFile(one, copied)] as const),
  ]);
  let known: Promise<ReadonlyMap<string, TreeFile>> | undefined;
  const all = () => {
    known ??= readFiles(name, { copied, small });
    return known;
  };
  return shownTree(name, {
    all,
    fileAt: async (path) => {
      const isOfBlobs = path === SUMS_FILE || parseBlobPath(path.slice(base.length + 1));
      return small.get(path) ?? (isOfBlobs ? (await all()).get(path) : undefined);
    },
    top: [
      { kind: 'folder', path: base },
      { kind: 'file', path: RECORD_IN_DIRECTORY, ...sizeAndMode(recordFile) },
    ],
  });
}

async function readFiles(
  name: string,
  {
    copied,
    small,
  }: { readonly copied: CopiedDirectory; readonly small: ReadonlyMap<string, TreeFile> },
): Promise<ReadonlyMap<string, TreeFile>> {
  const { site, place, base, layout, manifest, others } = copied;
  const {
    manifest: { form },
    all: blobs,
  } = await readBlobs(site, manifest);
  const files = new Map(small);
  for (const blob of blobs) {
    const stored = storedBlob(blob, { storage: place.storage, form });
    const file = storedFile(copied, { stored, sizeBytes: blob.sizeBytes, modifiedMs: 0 });
    const shown = { ...file, mode: BLOB_MODE, content: stored.key };
    files.set(`${base}/${blobPath(layout, blob)}`, shown);
  }
  // What was done to bytes before they were stored changes their checksum: that of the blobs nobody knows.
  if (form.length > 0) return files;
  const draft = new SumDraft();
  for (const blob of blobs) draft.add({ path: blobPath(layout, blob), sha256: blob.sha256 });
  for (const { path, sha256 } of others) draft.add({ path, sha256 });
  files.set(SUMS_FILE, derivedIn(name, SUMS_FILE, encodeSums([draft.text])));
  return files;
}

function storedBlob(
  blob: BlobEntry,
  of: { readonly storage: string; readonly form: BlobManifest['form'] },
): StoredObjectRecord {
  const { sha256, sizeBytes, storedBytes = sizeBytes } = blob;
  return { key: blobKey(of, blob), form: of.form, sizeBytes: storedBytes, sha256 };
}

function otherFile({ stored, sizeBytes }: CopiedOtherFile, copied: CopiedDirectory): TreeFile {
  const file = storedFile(copied, { stored, sizeBytes, modifiedMs: 0 });
  return { ...file, mode: FILE_MODE, content: stored.key };
}

function derivedIn(tree: string, path: string, content: Uint8Array): TreeFile {
  return { ...derivedFile(content, { path: `${tree}/${path}`, modifiedMs: 0 }), mode: FILE_MODE };
}

function sizeAndMode({ sizeBytes, mode }: TreeFile): Pick<TreeFile, 'sizeBytes' | 'mode'> {
  return { sizeBytes, mode };
}
