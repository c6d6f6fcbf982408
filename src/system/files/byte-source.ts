import { constants, readSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { absent } from '../absent.ts';
import { Failure, systemCodeOf, withSystemErrors } from '../failure.ts';

/** A half-open range of byte offsets, `[start, end)`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Bytes that can be read at any position. Their number is fixed at the moment of opening. */
export interface ByteSource {
  /** How messages call it. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Each reading is a request to another machine: what is read in order is one {@link ByteSource.stream}. */
  readonly isDistant?: true;
  /** The bytes of the range, all of them; a source that has become shorter is a failure. */
  read(range: ByteRange): Promise<Uint8Array>;
  /** The same into memory of the caller: as many bytes as `target` has, from `position` on. */
  readInto(target: Uint8Array, position: number): Promise<void>;
  /** The same in order, in chunks of at most {@link CHUNK_BYTES}; reads one chunk ahead. */
  stream(range: ByteRange): AsyncIterable<Uint8Array>;
}

/** Bytes read at once: large enough that the calls cost nothing, small enough for the caches. */
export const CHUNK_BYTES = 1 << 20;

/** What `stat` tells about which file a path or a handle names. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

/** One that was opened, and is closed by its disposal. */
export interface OpenedSource extends ByteSource, AsyncDisposable {
  /** Of a gzip file of members, how long each is, where somebody has noted that; absent: nobody has. */
  readonly memberLengths?: () => Promise<readonly number[] | undefined>;
}

/** An open file as a {@link ByteSource}: everything is read through one handle. */
export interface FileSource extends OpenedSource {
  readonly path: string;
  readonly identity: FileIdentity;
  /** Size of the open file now; a live Data.fs grows. */
  currentSizeBytes(): Promise<number>;
}

/** Opens a file for reading. Failures: `not-found`, `system`. */
export async function openFileSource(path: string): Promise<FileSource> {
  const doing = `read "${path}"`;
  const noFile = () =>
    new Failure('usage', `Cannot ${doing}: it is not a regular file`, { hint: 'Name a file.' });
  // A socket can't be opened.
  const refuseSocket = (error: unknown) => {
    throw systemCodeOf(error) === 'ENXIO' ? noFile() : error;
  };
  // A pipe without a writer would be waited for; a file is not changed by this.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const handle = await withSystemErrors(doing, () => open(path, flags).catch(refuseSocket));
  try {
    const stat = await withSystemErrors(doing, () => handle.stat({ bigint: true }));
    if (!stat.isFile()) throw noFile();
    return {
      ...handleSource(handle, { name: path, sizeBytes: Number(stat.size) }),
      path,
      identity: { device: stat.dev, inode: stat.ino },
      currentSizeBytes: async () => (await withSystemErrors(doing, () => handle.stat())).size,
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The first bytes of a file that somebody has opened. It is closed with the source. */
export function handleSource(
  handle: FileHandle,
  { name, sizeBytes }: { readonly name: string; readonly sizeBytes: number },
): OpenedSource {
  const reader = new HandleReader(handle, name);
  return {
    name,
    sizeBytes,
    read: (range) => reader.readAtRandom(range),
    readInto: (target, position) => reader.fill(target, position),
    stream: (range) => readAhead(range, (part) => reader.read(part)),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

/** Whether `path` still names the file that was opened: a rename over it makes it another one. */
export async function isStillAt(path: string, identity: FileIdentity): Promise<boolean> {
  return withSystemErrors(`look at "${path}"`, async () => {
    const now = await stat(path, { bigint: true }).catch(absent);
    return now?.dev === identity.device && now.ino === identity.inode;
  });
}

/** Bytes in memory as a {@link ByteSource}. */
export function memorySource(bytes: Uint8Array, name = 'memory'): ByteSource {
  const read = async ({ start, end }: ByteRange) => {
    if (end > bytes.length) throw becameShorter(name, end, bytes.length);
    return bytes.subarray(start, end);
  };
  return {
    name,
    sizeBytes: bytes.length,
    read,
    readInto: async (target, position) =>
      target.set(await read({ start: position, end: position + target.length })),
    stream: (range) => readAhead(range, read),
  };
}

/** Bytes that are read without a thread, where they are in the memory of the system: the way there and back takes longer. */
const FEW_BYTES = 1 << 16;
/** What a read of them takes then, at most, in milliseconds. */
const QUICK_MS = 1;
/** So many reads are left to threads behind one that had to wait for a disk. */
const READS_BY_THREADS = 64;

/** Reads an open file. */
class HandleReader {
  readonly #handle: FileHandle;
  readonly #name: string;
  #byThreads = 0;

  constructor(handle: FileHandle, name: string) {
    this.#handle = handle;
    this.#name = name;
  }

  async read({ start, end }: ByteRange): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafe(end - start);
    await this.fill(buffer, start);
    return buffer;
  }

  /** The same for who reads here and there, thousands of times. */
  async readAtRandom(range: ByteRange): Promise<Uint8Array> {
    if (range.end - range.start > FEW_BYTES) return this.read(range);
    return this.#readAtOnce(range) ?? this.read(range);
  }

  async fill(target: Uint8Array, position: number): Promise<void> {
    let filled = 0;
    while (filled < target.length) {
      const { bytesRead } = await withSystemErrors(
        `read "${this.#name}" at ${position + filled}`,
        () => this.#handle.read(target, filled, target.length - filled, position + filled),
      );
      if (bytesRead === 0) {
        throw becameShorter(this.#name, position + target.length, position + filled);
      }
      filled += bytesRead;
    }
  }

  /** Undefined where a thread is to read, and to say what is wrong. */
  #readAtOnce({ start, end }: ByteRange): Uint8Array | undefined {
    if (this.#byThreads > 0) {
      this.#byThreads -= 1;
      return undefined;
    }
    const buffer = Buffer.allocUnsafe(end - start);
    const begun = performance.now();
    try {
      if (readSync(this.#handle.fd, buffer, 0, buffer.length, start) < buffer.length) {
        return undefined;
      }
    } catch {
      return undefined;
    }
    if (performance.now() - begun > QUICK_MS) this.#byThreads = READS_BY_THREADS;
    return buffer;
  }
}

async function* readAhead(
  { start, end }: ByteRange,
  read: (range: ByteRange) => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const readFrom = (position: number) => {
    const promise = read({ start: position, end: Math.min(position + CHUNK_BYTES, end) });
    promise.catch(() => {}); // It is awaited below; a consumer that stops early leaves it alone.
    return promise;
  };
  if (start >= end) return;
  let next: Promise<Uint8Array> | undefined = readFrom(start);
  let position = start;
  while (next !== undefined) {
    const chunk: Uint8Array = await next;
    position += chunk.length;
    next = position < end ? readFrom(position) : undefined;
    yield chunk;
  }
}

function becameShorter(name: string, expected: number, found: number): Failure {
  return new Failure(
    'damaged',
    `Cannot read "${name}": it ends at ${found}, ${expected} bytes were expected`,
    {
      hint: 'Another program cut the file while zodbvault read it. Find out which one, then try again.',
    },
  );
}
