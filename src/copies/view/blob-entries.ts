import { blobsAmong } from '../../blobs/layout/blob-content.ts';
import { type BlobRecord, nameBeside } from '../../blobs/layout/record.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { encodeJsonRecord } from '../../stores/json-record.ts';
import type { ShownTree } from '../../stores/shown/read-only-store.ts';
import { derivedFile, type ShownFile } from '../../stores/shown/shown-file.ts';
import type { CopyPlace } from '../layout/place.ts';
import type { CopiedArchive, CopiedBlobs } from '../layout/point-record.ts';
import { blobCopyTree } from './blob-copy-tree.ts';
import type { OpenedPoint } from './repository-files.ts';
import { type ReadableObjects, type SizeOfStored, storedFile } from './stored-file.ts';

/** What a folder with backups of blobs is made of. */
export interface BlobContent extends ReadableObjects {
  readonly place: CopyPlace;
  /** How messages call the folder. */
  readonly name: string;
  /** Of the repository, as each record of a backup of blobs has it; null: only blobs are backed up. */
  readonly repository: string | null;
  /** Oldest first. */
  readonly points: readonly OpenedPoint[];
  readonly sizeOf: SizeOfStored;
}

/** What such a folder shows. */
export interface BlobEntries {
  readonly files: ReadonlyMap<string, ShownFile>;
  readonly trees: ReadonlyMap<string, ShownTree>;
}

/** The copies and archives of blobs that the restore points of a place name, each once. */
export function blobEntries(content: BlobContent): BlobEntries {
  const files = new Map<string, ShownFile>();
  const trees = new Map<string, ShownTree>();
  for (const point of content.points) {
    const { blobs } = point.record;
    switch (blobs.kind) {
      case 'none':
      case 'missing':
        break;
      case 'directory':
        trees.set(blobs.name, shownCopy(blobs, { point, content }));
        break;
      case 'archives':
        for (const archive of blobs.archives) addArchive(files, archive, { point, content });
        break;
      default:
        blobs satisfies never;
    }
  }
  return { files, trees };
}

interface OfPoint {
  readonly point: OpenedPoint;
  readonly content: BlobContent;
}

function shownCopy(
  blobs: Extract<CopiedBlobs, { kind: 'directory' }>,
  { point, content }: OfPoint,
): ShownTree {
  const { name, base, manifest, files, bytes, stamp } = blobs;
  const { details, record: point_ } = point;
  // Its other files, as they are called in the open: as a rule, the one that names the layout.
  const isClosed = details === undefined && blobs.others.length > 0;
  const counted = blobsAmong({ files, bytes }, isClosed ? 'bushy'.length : undefined);
  const { sums: _, ...record } = recordOf(name, { stamp, point, content });
  const reader = blobCopyTree(`${content.name}/${name}`, {
    ...{ site: content.site, codec: content.codec, place: content.place, base, manifest },
    layout: details?.layout ?? 'bushy',
    others: details?.others ?? [],
    sizeOf: content.sizeOf,
    record: { ...record, content: counted },
  });
  return { reader, modifiedMs: Date.parse(point_.copiedAt) };
}

function addArchive(
  files: Map<string, ShownFile>,
  { name, stamp, sizeBytes, stored }: CopiedArchive,
  { point, content }: OfPoint,
): void {
  const there = content.sizeOf(stored);
  if (there === undefined) return;
  const modifiedMs = Date.parse(point.record.copiedAt);
  const size = stored.form.length === 0 ? there : sizeBytes;
  files.set(name, storedFile(content, { stored, sizeBytes: size, modifiedMs }));
  if (point.details?.blobRecords[name] === undefined) return;
  const bytes = encodeJsonRecord(recordOf(name, { stamp, point, content }));
  const beside = nameBeside(name);
  files.set(beside, derivedFile(bytes, { path: `${content.name}/${beside}`, modifiedMs }));
}

/** As it was written, but for where it was: it belongs to what the copy shows beside it. */
function recordOf(
  name: string,
  { stamp, point, content }: OfPoint & { readonly stamp: Stamp },
): BlobRecord {
  const { tool, copiedAt, madeAt = copiedAt } = point.record;
  const written = point.details?.blobRecords[name];
  const made = { format: 1, tool, madeAt, stamp, origin: 'made' } as const;
  const { folder: _, repositoryPath: __, ...record } = written ?? { ...made, repository: null };
  return { ...record, repository: content.repository };
}
