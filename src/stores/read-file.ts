import { close, constants, fstatSync, open, read } from 'node:fs';
import { promisify } from 'node:util';
import { type ByteRange, CHUNK_BYTES, openFileSource } from '../system/files/byte-source.ts';

/** The content of a file of this machine, or a range of it. Failures: those of `openFileSource`. */
export async function* readFile(
  path: string,
  range: ByteRange | undefined,
): AsyncGenerator<Uint8Array> {
  const small = range === undefined ? await readSmall(path) : undefined;
  if (small !== undefined) {
    if (small.length > 0) yield small;
    return;
  }
  await using source = await openFileSource(path);
  yield* source.stream(range ?? { start: 0, end: source.sizeBytes });
}

const openFile = promisify(open);
const readInto = promisify(read);
const closeFile = promisify(close);

/**
 * A whole file of at most {@link CHUNK_BYTES}, as most records are. There may be thousands, so this takes numbers and
 * not `FileHandle`s, and asks for the status on this thread: opening has just brought it, from an NFS server too.
 * Closing may wait for a server (NFS 4 tells it), so it goes through the thread pool as opening and reading do.
 * Undefined for any other file, and for one that can't be read: `openFileSource` tells why.
 */
async function readSmall(path: string): Promise<Uint8Array | undefined> {
  try {
    // A pipe without a writer would be waited for.
    const descriptor = await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = fstatSync(descriptor);
      if (!status.isFile() || status.size > CHUNK_BYTES) return undefined;
      const content = Buffer.allocUnsafe(status.size);
      const { bytesRead } = await readInto(descriptor, content, 0, content.length, 0);
      return bytesRead === content.length ? content : undefined;
    } finally {
      await closeFile(descriptor);
    }
  } catch {
    return undefined;
  }
}
