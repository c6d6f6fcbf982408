import { encodeSums, SumDraft } from '../../blobs/checksums/checksums.ts';
import { SUMS_FILE } from '../../blobs/checksums/checksums-file.ts';
import { type BlobRecord, RECORD_IN_DIRECTORY } from '../../blobs/layout/record.ts';
import { type BlobLayout, blobPath, parseBlobPath } from '../../filestorage/blob-layout.ts';
import { encodeJsonRecord } from '../../stores/json-record.ts';
import { derivedFile, type ShownFile } from '../../stores/shown/shown-file.ts';
import { shownTree, type TreeContent, type TreeFile } from '../../stores/shown/shown-tree.ts';
import type { TreeReader } from '../../stores/tree-reader.ts';
import type { ByteRange, OpenedSource } from '../../system/files/byte-source.ts';
import type { BlobEntry, BlobList } from '../layout/blob-list.ts';
import type { BlobManifest } from '../layout/blob-manifest.ts';
import { blobKey } from '../layout/keys.ts';
import type { CopyPlace } from '../layout/place.ts';
import type { CopiedOtherFile } from '../layout/point-details.ts';
import type { StoredObjectRecord } from '../layout/stored-object.ts';
import { readBlobs } from '../read-copy.ts';
import { type ReadableObjects, type SizeOfStored, storedFile } from './stored-file.ts';

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
  readonly sizeOf: SizeOfStored;
}

/** A server lets nobody write to a blob that was committed (ZODB, `blob.py`). */
const BLOB_MODE = 0o100400;
const FILE_MODE = 0o100600;

/**
 * The tree of a backup of blobs: the copy of the blob directory, and beside it our record and our sums. The list of the
 * blobs is read when somebody asks for one of them, or for their sums.
 */
export function blobCopyTree(name: string, copied: CopiedDirectory): TreeReader {
  const { base, record } = copied;
  const recordFile = derivedIn(name, RECORD_IN_DIRECTORY, encodeJsonRecord(record));
  const others = new Map(copied.others.map((one) => [one.path, otherFile(one, copied)]));
  let known: Promise<CopiedFiles> | undefined;
  const files = () => {
    known ??= readFiles(name, { copied, others });
    return known;
  };
  const blobs: TreeContent = {
    all: async () => (await files()).inBase,
    fileAt: async (path) =>
      others.get(path) ?? (parseBlobPath(path) && (await files()).inBase.get(path)),
  };
  const prefix = `${base}/`;
  return shownTree(name, {
    below: (folder) => (folder === base ? blobs : undefined),
    all: async () => {
      const { inBase, sums } = await files();
      const all = new Map([[RECORD_IN_DIRECTORY, recordFile]]);
      if (sums !== undefined) all.set(SUMS_FILE, sums);
      for (const [path, file] of inBase) all.set(prefix + path, file);
      return all;
    },
    fileAt: async (path) => {
      if (path.startsWith(prefix)) return await blobs.fileAt(path.slice(prefix.length));
      if (path === RECORD_IN_DIRECTORY) return recordFile;
      return path === SUMS_FILE ? (await files()).sums : undefined;
    },
    top: [
      { kind: 'folder', path: base },
      { kind: 'file', path: RECORD_IN_DIRECTORY, ...sizeAndMode(recordFile) },
    ],
  });
}

interface CopiedFiles {
  /** Those of the blob directory, by their paths below it. */
  readonly inBase: ReadonlyMap<string, TreeFile>;
  readonly sums: TreeFile | undefined;
}

async function readFiles(
  name: string,
  {
    copied,
    others,
  }: { readonly copied: CopiedDirectory; readonly others: ReadonlyMap<string, TreeFile> },
): Promise<CopiedFiles> {
  const { site, place, layout, manifest } = copied;
  const {
    manifest: { form },
    all: blobs,
  } = await readBlobs(site, manifest);
  const inBase = new Map(others);
  const of = { copied, storage: place.storage, form, blobs };
  const draft = new SumDraft();
  let number = 0;
  for (const blob of blobs) {
    const path = blobPath(layout, blob);
    const file = new BlobFile(number++, of);
    if (file.isThere) inBase.set(path, file);
    draft.add({ path, sha256: blob.sha256 });
  }
  // What was done to bytes before they were stored changes their checksum: that of the blobs nobody knows.
  if (form.length > 0) return { inBase, sums: undefined };
  for (const { path, sha256 } of copied.others) draft.add({ path, sha256 });
  const sums = derivedIn(name, SUMS_FILE, encodeSums(draft.pieces));
  return { inBase, sums };
}

/** What all blobs of a list have in common. */
interface BlobsOfList {
  readonly copied: CopiedDirectory;
  readonly storage: string;
  readonly form: BlobManifest['form'];
  readonly blobs: BlobList;
}

/** One of perhaps a million: what is told of it is made when somebody asks. */
class BlobFile implements TreeFile {
  readonly #number: number;
  readonly #of: BlobsOfList;

  constructor(number: number, of: BlobsOfList) {
    this.#number = number;
    this.#of = of;
  }

  /** False where somebody has looked, and it isn't in the store. */
  get isThere(): boolean {
    return this.#of.copied.sizeOf(storedBlob(this.#blob, this.#of)) !== undefined;
  }

  /** One that is stored as it is, and was cut, has the size that it has there. */
  get sizeBytes(): number {
    const { copied, form } = this.#of;
    const blob = this.#blob;
    const there = form.length === 0 ? copied.sizeOf(storedBlob(blob, this.#of)) : undefined;
    return there ?? blob.sizeBytes;
  }

  get mode(): number {
    return BLOB_MODE;
  }

  get content(): string {
    return storedBlob(this.#blob, this.#of).key;
  }

  read(range?: ByteRange): AsyncIterable<Uint8Array> {
    return this.#file().read(range);
  }

  open(): Promise<OpenedSource> {
    return this.#file().open();
  }

  get #blob(): BlobEntry {
    return this.#of.blobs.at(this.#number);
  }

  #file(): ShownFile {
    const stored = storedBlob(this.#blob, this.#of);
    return storedFile(this.#of.copied, { stored, sizeBytes: this.sizeBytes, modifiedMs: 0 });
  }
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
