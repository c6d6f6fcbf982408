import type { BlobChoice } from '../../blobs/layout/choose.ts';
import type { DataFile } from '../../repository/layout/catalogue.ts';
import { indexOfPoint, type RestorePoint } from '../../repository/restore-point.ts';
import { forwardingTo } from '../../stores/forwarding-store.ts';
import type { Store } from '../../stores/store.ts';
import {
  type ByteRange,
  type OpenedSource,
  openFileSource,
} from '../../system/files/byte-source.ts';
import type { OpenedPoint } from '../run/open-point.ts';

/** What a restore has made of a restore point. */
export interface RestoredPoint {
  readonly point: RestorePoint;
  readonly dataFs: string;
  /** Undefined where there are none. */
  readonly blobs: RestoredBlobs | undefined;
}

export interface RestoredBlobs {
  /** The blob directory. */
  readonly tree: string;
  /** The backup that it was made of. */
  readonly choice: BlobChoice;
}

/**
 * A restored Data.fs in the place of the data files that it was made of, not compressed: what reads the restore
 * point by its checksums reads the file that came out, and its index.
 */
export function inPlaceOf(
  store: Store,
  { point, dataFs }: Pick<RestoredPoint, 'point' | 'dataFs'>,
): OpenedPoint {
  const links = point.kind === 'listed' && point.cut === undefined ? point.links : [];
  const ranges = new Map(links.map(({ file, range }) => [file.name, range]));
  const index = indexOfPoint(point);
  const open = (file: string) =>
    file === index ? openFileSource(`${dataFs}.index`) : openPart(dataFs, ranges.get(file));
  const served: Store = {
    ...forwardingTo(store),
    name: dataFs,
    open,
    read: (file) => bytesOf(() => open(file)),
  };
  const files = point.files.map(plain);
  if (links.length === 0 || point.kind === 'unlisted') {
    // What all of them hold is one file now, of which no checksum is known.
    return { store: served, point: { ...point, kind: 'unlisted', files: files.slice(-1) } };
  }
  // The records speak of the files as they are stored.
  const restored = links.map((link) => ({ ...link, file: plain(link.file), record: undefined }));
  return { store: served, point: { ...point, files, links: restored } };
}

async function* bytesOf(open: () => Promise<OpenedSource>): AsyncGenerator<Uint8Array> {
  await using source = await open();
  yield* source.stream({ start: 0, end: source.sizeBytes });
}

/** A range of a file as if it were one; undefined: all of it. */
async function openPart(path: string, part: ByteRange | undefined): Promise<OpenedSource> {
  const file = await openFileSource(path);
  if (part === undefined) return file;
  const inFile = ({ start, end }: ByteRange) => ({
    start: part.start + start,
    end: part.start + end,
  });
  return {
    name: path,
    sizeBytes: part.end - part.start,
    read: (range) => file.read(inFile(range)),
    readInto: (target, position) => file.readInto(target, part.start + position),
    stream: (range) => file.stream(inFile(range)),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

function plain(file: DataFile): DataFile {
  return { ...file, isGzip: false };
}
