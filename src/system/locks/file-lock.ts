import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { Failure, systemCodeOf, withSystemErrors } from '../failure.ts';
import type { FileIdentity } from '../files/byte-source.ts';
import { giveToOwnerOfFolder } from '../files/folder-owner.ts';
import { shareWithGroup } from '../files/rights.ts';
import { findProgram } from '../processes/programs.ts';

/**
 * The lock of `flock(2)`: what zc.lockfile takes on a Data.fs.lock, too. The kernel gives it back
 * when its holder dies, however it dies.
 */
export interface FileLock extends AsyncDisposable {
  /** What stands in the file. */
  read(): Promise<string>;
  /** Replaces the file's content, for whoever finds it locked, on this machine or another. */
  describe(text: string): Promise<void>;
}

export type LockAttempt =
  | { readonly kind: 'acquired'; readonly lock: FileLock }
  /** `content`: what the holder wrote there. */
  | { readonly kind: 'held'; readonly content: string; readonly pid: number | undefined };

/** Bytes of a lock file's content that are looked at. */
const CONTENT_BYTES = 4096;

/**
 * Tries to lock the file, which is made if need be and never removed: that would let two processes
 * hold two files of one name. Failure `program` where flock isn't installed.
 */
export async function tryFileLock(path: string): Promise<LockAttempt> {
  const doing = `lock "${path}"`;
  const { handle, wasMade } = await withSystemErrors(doing, () => openLockFile(path));
  try {
    if (!(await handle.stat()).isFile()) throw noLockFile(path);
    await withSystemErrors(doing, () => giveToOwnerOfFolder(handle, path));
    if (wasMade) await withSystemErrors(doing, () => shareWithGroup(handle, path));
    if (await flock(handle)) return { kind: 'acquired', lock: asLock(handle, path) };
    const content = await withSystemErrors(doing, () => readContent(handle));
    const pid = await survivingCopyOf(handle);
    await handle.close();
    return { kind: 'held', content, pid };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A link would have us write to wherever somebody let it lead. */
async function openLockFile(
  path: string,
): Promise<{ readonly handle: FileHandle; readonly wasMade: boolean }> {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  try {
    const handle = await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    return { handle, wasMade: true };
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  }
  // Nobody removes one, but for a test or a person between the two.
  const handle = await open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  return { handle, wasMade: false };
}

async function readContent(handle: FileHandle): Promise<string> {
  const bytes = Buffer.alloc(CONTENT_BYTES);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
  return bytes.toString('utf8', 0, bytesRead);
}

function noLockFile(path: string): Failure {
  return new Failure('refused', `Cannot lock "${path}": it is not a regular file`, {
    hint: 'Look at it, and move it away.',
  });
}

function asLock(handle: FileHandle, path: string): FileLock {
  return {
    read: () => withSystemErrors(`read "${path}"`, () => readContent(handle)),
    describe: (text) =>
      withSystemErrors(`write "${path}"`, async () => {
        const bytes = Buffer.from(text);
        // Written first and cut after it: nobody who reads meanwhile finds an empty file.
        if (bytes.length > 0) await handle.write(bytes, 0, bytes.length, 0);
        await handle.truncate(bytes.length);
        // Other machines see a file of NFS as it is on the server.
        await handle.datasync();
      }),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

/**
 * Node has no flock(2). The program takes the lock on the open file that it inherits as descriptor
 * 3, and the lock stays with that open file when the program has ended.
 */
async function flock(handle: FileHandle): Promise<boolean> {
  const program = await findProgram('flock');
  if (program === undefined) {
    throw new Failure('program', 'Cannot lock: the program "flock" is not on the PATH', {
      hint: 'Install it; Debian and Red Hat have it in the package util-linux.',
    });
  }
  const status = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(program, ['-n', '-x', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', handle.fd],
    });
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status === 0) return true;
  if (status === 1) return false;
  throw new Failure('program', `Cannot lock: "${program}" ended with status ${status}`, {
    hint: 'The file system may not support flock(2); use a local folder.',
  });
}

async function survivingCopyOf(handle: FileHandle): Promise<number | undefined> {
  const { dev, ino } = await handle.stat({ bigint: true });
  return lockHolder({ device: dev, inode: ino });
}

/**
 * The process that holds the lock of a file, where Linux tells (/proc/locks). It names the one that took the
 * lock: for our own locks that was the flock program, which has ended and says nothing of who holds it.
 */
export async function lockHolder({ device, inode }: FileIdentity): Promise<number | undefined> {
  // Linux's encoding of a device number in 64 bits (gnu_dev_major, gnu_dev_minor).
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  const file = `${hex(major)}:${hex(minor)}:${inode}`;
  const table = await readFile('/proc/locks', 'utf8').catch((error: unknown) => {
    if (systemCodeOf(error) === undefined) throw error;
    return '';
  });
  for (const line of table.split('\n')) {
    const [, kind, , , pid, place] = line.trim().split(/\s+/);
    if (kind === 'FLOCK' && place === file && isAlive(Number(pid))) return Number(pid);
  }
  return undefined;
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCodeOf(error) === 'EPERM'; // It lives, and belongs to somebody else.
  }
}

function hex(value: bigint): string {
  return value.toString(16).padStart(2, '0');
}
