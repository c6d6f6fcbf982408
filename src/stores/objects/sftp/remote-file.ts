import { Failure } from '../../../system/failure.ts';
import type { ByteRange, OpenedSource } from '../../../system/files/byte-source.ts';
import { collect, inParallel } from '../../../system/streams/pipeline.ts';
import type { SftpLink } from './sftp-link.ts';
import { OPEN, type RemoteStatus, type SftpSession } from './sftp-session.ts';

/** Bytes of one request: what OpenSSH's server takes at most. Others get it in parts. */
export const BLOCK_BYTES = 255 << 10;

/** Requests that are under way for one file: some 4 MiB, which fills a line of 50 ms and 80 MB/s. */
export const BLOCKS_AT_ONCE = 16;

/** A file on the server, and how messages call it. */
export interface RemotePath {
  readonly path: string;
  readonly name: string;
}

/** As it was when it was opened. */
export interface OpenedRemote {
  readonly handle: Buffer;
  readonly status: RemoteStatus;
}

/** A file that stays open: on each new connection, it is opened anew. */
export class RemoteFile implements AsyncDisposable {
  readonly #link: SftpLink;
  readonly #open: (session: SftpSession) => Promise<OpenedRemote>;
  #session: SftpSession | undefined;
  #opened: Promise<OpenedRemote> | undefined;
  #connections = 0;

  constructor(link: SftpLink, open: (session: SftpSession) => Promise<OpenedRemote>) {
    this.#link = link;
    this.#open = open;
  }

  /** On how many connections it was open. */
  get connections(): number {
    return this.#connections;
  }

  run<T>(
    doing: string,
    work: (session: SftpSession, opened: OpenedRemote) => Promise<T>,
  ): Promise<T> {
    return this.#link.run(doing, async (session) => work(session, await this.#openedIn(session)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    // The end of a connection closes it, too.
    if (opened !== undefined) await this.#session?.closeHandle(opened.handle).catch(() => {});
    this.#opened = undefined;
  }

  #openedIn(session: SftpSession): Promise<OpenedRemote> {
    if (this.#opened === undefined || this.#session !== session) {
      this.#session = session;
      this.#connections += 1;
      this.#opened = this.#open(session);
    }
    return this.#opened;
  }
}

/** Opens a file for reading. Failures: `not-found`; `damaged` when it becomes another one meanwhile. */
export async function openRemote(
  link: SftpLink,
  { path, name }: RemotePath,
): Promise<OpenedSource> {
  const doing = `read "${name}"`;
  let first: RemoteStatus | undefined;
  const file = new RemoteFile(link, async (session) => {
    const handle = await session.open(path, OPEN.read);
    const status = await session.statusOf(handle);
    if (status.kind !== 'file') throw noFile(name);
    if (first !== undefined && !isSame(first, status)) throw changed(name);
    first = status;
    return { handle, status };
  });
  const sizeBytes = await file.run(doing, async (_, { status }) => status.sizeBytes);
  const readInto = (target: Uint8Array, position: number) =>
    file.run(doing, (session, { handle }) => fill(target, { session, handle, position, name }));
  const readBlock = async ({ start, end }: ByteRange) => {
    const block = Buffer.allocUnsafe(end - start);
    await readInto(block, start);
    return block;
  };
  const stream = (range: ByteRange) =>
    inParallel(blocksOf(range), { limit: BLOCKS_AT_ONCE, work: readBlock });
  return {
    name,
    sizeBytes,
    isDistant: true,
    read: (range) => collect(stream(range)),
    readInto,
    stream,
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

function isSame(one: RemoteStatus, other: RemoteStatus): boolean {
  return one.sizeBytes === other.sizeBytes && one.modifiedMs === other.modifiedMs;
}

async function fill(
  target: Uint8Array,
  {
    session,
    handle,
    position,
    name,
  }: {
    readonly session: SftpSession;
    readonly handle: Buffer;
    readonly position: number;
    readonly name: string;
  },
): Promise<void> {
  const all = Buffer.from(target.buffer, target.byteOffset, target.length);
  for (let filled = 0; filled < all.length; ) {
    const count = await session.read(handle, all.subarray(filled), position + filled);
    if (count === 0)
      throw tooShort(name, { expected: position + all.length, found: position + filled });
    filled += count;
  }
}

async function* blocksOf({ start, end }: ByteRange): AsyncGenerator<ByteRange> {
  for (let position = start; position < end; position += BLOCK_BYTES)
    yield { start: position, end: Math.min(position + BLOCK_BYTES, end) };
}

function noFile(name: string): Failure {
  return new Failure('not-found', `Cannot read "${name}": it is not a file`, {
    hint: 'Check the path.',
  });
}

function changed(name: string): Failure {
  return new Failure('damaged', `Cannot read "${name}": it became another file meanwhile`, {
    hint: 'Another run has replaced it. Run the command again.',
  });
}

function tooShort(
  name: string,
  { expected, found }: { readonly expected: number; readonly found: number },
): Failure {
  return new Failure(
    'damaged',
    `Cannot read "${name}": it ends at ${found}, ${expected} bytes were expected`,
    { hint: 'The copy is damaged there. Verify it, and copy once more what is damaged.' },
  );
}
