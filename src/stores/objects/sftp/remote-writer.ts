import { createHash } from 'node:crypto';
import { Failure } from '../../../system/failure.ts';
import { inParallel, tap } from '../../../system/streams/pipeline.ts';
import {
  BLOCK_BYTES,
  BLOCKS_AT_ONCE,
  openRemote,
  RemoteFile,
  type RemotePath,
} from './remote-file.ts';
import { isStatus, STATUS } from './sftp-error.ts';
import type { SftpLink } from './sftp-link.ts';
import { OPEN, type SftpSession } from './sftp-session.ts';

export interface RemoteWriting {
  /** Of the whole content, in hex, where somebody has taken it; undefined: it is taken here. */
  readonly sha256?: string | undefined;
  /** Makes the folder of the file. */
  readonly makeFolder: (session: SftpSession) => Promise<void>;
  readonly mode: number;
  readonly onBytes?: ((count: number) => void) | undefined;
}

/**
 * Writes a file that nobody looks at yet, and has the disk of the server write it, where that is possible. It goes on
 * behind what is in the file already. What came by more than one connection is read back: the server may have started
 * again meanwhile, and lost what its disk had not written. Failure `system` where that shows.
 */
export async function writeRemote(
  link: SftpLink,
  { path, name }: RemotePath,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { sha256: known, makeFolder, mode, onBytes = () => {} }: RemoteWriting,
): Promise<void> {
  const doing = `write "${name}"`;
  const hash = known === undefined ? createHash('sha256') : undefined;
  await using file = new RemoteFile(link, async (session) => {
    const handle = await createIn(session, { path, mode, makeFolder });
    return { handle, status: await session.statusOf(handle) };
  });
  const begunBytes = await file.run(doing, async (_, { status }) => status.sizeBytes);
  const blocks = blocksOf(tap(content, (chunk) => hash?.update(chunk)));
  let sizeBytes = 0;
  const write = async ({ bytes, position }: Block) => {
    if (position + bytes.length <= begunBytes) return bytes.length;
    await file.run(doing, (session, { handle }) => session.write(handle, bytes, position));
    return bytes.length;
  };
  for await (const count of inParallel(blocks, { limit: BLOCKS_AT_ONCE, work: write })) {
    sizeBytes += count;
    onBytes(count);
  }
  await file.run(doing, async (session, { handle }) => {
    if (begunBytes > sizeBytes) await session.truncate(handle, sizeBytes);
    if (session.extensions.canSync) await session.sync(handle);
  });
  if (begunBytes === 0 && file.connections === 1) return;
  await requireSame(link, { path, name }, { sizeBytes, sha256: known ?? hash?.digest('hex') });
}

/** So often, a folder that was just made may be gone again: who removes the last thing in it removes the folder. */
const ATTEMPTS = 5;

async function createIn(
  session: SftpSession,
  { path, mode, makeFolder }: Omit<RemoteWriting, 'onBytes'> & { readonly path: string },
): Promise<Buffer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await session.open(path, OPEN.read | OPEN.write | OPEN.create, { mode });
    } catch (error) {
      if (!isStatus(error, STATUS.noSuchFile) || attempt === ATTEMPTS) throw error;
      await makeFolder(session);
    }
  }
}

interface Block {
  readonly bytes: Buffer;
  readonly position: number;
}

/** They are copies: one may have to be sent once more when the chunk that it came in is another one already. */
async function* blocksOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<Block> {
  let bytes = Buffer.allocUnsafe(BLOCK_BYTES);
  let filled = 0;
  let position = 0;
  for await (const chunk of content) {
    for (let offset = 0; offset < chunk.length; ) {
      const part = chunk.subarray(offset, offset + BLOCK_BYTES - filled);
      bytes.set(part, filled);
      filled += part.length;
      offset += part.length;
      if (filled < BLOCK_BYTES) continue;
      yield { bytes, position };
      position += filled;
      bytes = Buffer.allocUnsafe(BLOCK_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield { bytes: bytes.subarray(0, filled), position };
}

/** Reads a file back. One that is another is removed: nobody must go on with it. */
async function requireSame(
  link: SftpLink,
  file: RemotePath,
  expected: { readonly sizeBytes: number; readonly sha256: string | undefined },
): Promise<void> {
  await using source = await openRemote(link, file);
  const hash = createHash('sha256');
  for await (const block of source.stream({ start: 0, end: source.sizeBytes })) hash.update(block);
  if (source.sizeBytes === expected.sizeBytes && hash.digest('hex') === expected.sha256) return;
  await link.run(`remove "${file.name}"`, (session) => session.removeFile(file.path));
  throw new Failure('system', `Cannot write "${file.name}": the server has lost bytes of it`, {
    hint: 'It started again while it took the file, or its disk is failing. Nothing of the file was kept. Run the command again.',
  });
}
