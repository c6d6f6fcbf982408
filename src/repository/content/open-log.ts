import type { Store } from '../../stores/store.ts';
import type { ByteRange, OpenedSource } from '../../system/files/byte-source.ts';
import { DisposableStack } from '../../system/streams/disposable-stack.ts';
import { MemberCache } from '../../system/streams/gzip/member-cache.ts';
import { memberSource } from '../../system/streams/gzip/member-source.ts';
import { joinedSource } from '../../system/streams/joined-source.ts';
import { each, inParallel } from '../../system/streams/pipeline.ts';
import type { DataFile } from '../layout/catalogue.ts';
import { cutOf, nameOfPoint, type RestorePoint } from '../restore-point.ts';
import { wrongContent } from './read-backup.ts';
import { storedContent } from './stored-content.ts';
import { readRecordIndex } from './stored-records.ts';

/** Bytes of members that are kept: what a few pages of a site need. */
const KEPT_BYTES = 32 << 20;

/** Files that are opened at once: where they are far away, each waits for an answer. */
const AT_ONCE = 16;

/** Puts bytes where they can be read at random. */
export type Unpack = (
  content: AsyncIterable<Uint8Array>,
  file: {
    readonly name: string;
    /** Undefined where nobody knows how many there will be. */
    readonly sizeBytes: number | undefined;
  },
) => Promise<OpenedSource>;

/** A log that can be read at random, and the parts in which it was written: the last may go on behind its end. */
export interface LogInParts extends OpenedSource {
  readonly parts: readonly LogPart[];
}

export interface LogPart {
  readonly range: ByteRange;
  /** Its record index; undefined where there is none that can be used. */
  readonly recordIndex: () => Promise<Uint8Array | undefined>;
}

/**
 * The Data.fs of a restore point, to be read at random where it lies: all files are held open. Nothing is held against
 * checksums. What another program has compressed is unpacked. Failures: `not-found`; `damaged` where a file has
 * another length than its `.dat` says.
 */
export async function openLog(
  store: Store,
  { point, unpack }: { readonly point: RestorePoint; readonly unpack: Unpack },
): Promise<LogInParts> {
  await using opened = new DisposableStack();
  const cache = new MemberCache(KEPT_BYTES);
  const links = new Map(
    point.kind === 'listed' ? point.links.map((link) => [link.file, link]) : [],
  );
  const sources: OpenedSource[] = [];
  const parts: LogPart[] = [];
  let start = 0;
  const work = async (file: DataFile) => {
    const link = links.get(file);
    const sizeBytes = link && link.range.end - link.range.start;
    const source = opened.use(await openFile(store, { file, sizeBytes, cache, unpack }));
    if (sizeBytes === undefined || source.sizeBytes === sizeBytes) return { link, source };
    const state = `it holds ${source.sizeBytes} bytes, its .dat says ${sizeBytes}`;
    throw await wrongContent({ file, store }, state);
  };
  for await (const { link, source } of inParallel(each(point.files), { limit: AT_ONCE, work })) {
    sources.push(source);
    const range = { start, end: start + source.sizeBytes };
    parts.push({
      range,
      recordIndex: async () => (link === undefined ? undefined : readRecordIndex(store, link)),
    });
    start = range.end;
  }
  opened.move();
  const joined = joinedSource(sources, `${store.name}, ${nameOfPoint(point)}`);
  // Of what is behind a moment, nobody reads anything.
  return { ...joined, sizeBytes: cutOf(point)?.end ?? joined.sizeBytes, parts };
}

async function openFile(
  store: Store,
  {
    file,
    sizeBytes,
    cache,
    unpack,
  }: {
    readonly file: DataFile;
    readonly sizeBytes: number | undefined;
    readonly cache: MemberCache;
    readonly unpack: Unpack;
  },
): Promise<OpenedSource> {
  await using opened = new DisposableStack();
  const stored = opened.use(await store.open(file.name));
  const readable = file.isGzip ? await memberSource(stored, cache) : stored;
  if (readable === undefined) {
    return unpack(storedContent(store, file), { name: file.name, sizeBytes });
  }
  opened.move();
  return readable;
}
