import type { InputAttributes, SFTPWrapper } from 'ssh2';
import * as v from 'valibot';
import { ConnectionLost, SftpStatus } from './sftp-error.ts';

/** What SFTP lacks, and OpenSSH's server adds to it: PROTOCOL of OpenSSH, 4. */
export interface SftpExtensions {
  /** A file can take the place of another one in one step. */
  readonly canReplace: boolean;
  /** The server can be asked to have its disk write a file. */
  readonly canSync: boolean;
  /** A file can get a second name, unless something has it. */
  readonly canLink: boolean;
  /** The server says how much room is left. */
  readonly canTellRoom: boolean;
}

/** Of a file or a folder on the server; what it doesn't tell is undefined. */
export interface RemoteStatus {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly sizeBytes: number;
  /** Whole seconds. */
  readonly modifiedMs: number;
  readonly mode: number;
}

export interface RemoteEntry extends RemoteStatus {
  readonly name: string;
}

/** Milliseconds for which a server may answer nothing at all while it is asked for something. */
const PATIENCE_MS = 60_000;

/** The same while it writes a whole file to its disk. */
const SYNC_PATIENCE_MS = 600_000;

/** Milliseconds between two looks at what isn't answered. */
const LOOK_MS = 5000;

/** How a file is opened: draft-ietf-secsh-filexfer-02, 6.3. */
export const OPEN = { read: 1, write: 2, create: 8, exclusive: 32 } as const;

interface Pending {
  readonly reject: (error: Error) => void;
  readonly patienceMs: number;
  readonly sinceMs: number;
}

type Answer<T> = (error: Error | null | undefined, value: T) => void;

/**
 * One connection: requests, each with its answer. When it is gone, every request that waits fails with
 * {@link ConnectionLost}, and so does each later one. What the server refuses is an {@link SftpStatus}.
 */
export class SftpSession {
  readonly extensions: SftpExtensions;
  readonly #sftp: SFTPWrapper;
  readonly #pending = new Set<Pending>();
  readonly #hangUp: () => void;
  readonly #timer: NodeJS.Timeout;
  #end: ConnectionLost | undefined;
  #heardAtMs = performance.now();

  /** @param hangUp - closes the connection */
  constructor(sftp: SFTPWrapper, hangUp: () => void) {
    this.#sftp = sftp;
    this.#hangUp = hangUp;
    this.extensions = extensionsOf(sftp);
    this.#timer = setInterval(() => this.#lookAtPending(), LOOK_MS).unref();
  }

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Ends it. @param reason - for who waits for an answer */
  close(reason: string): void {
    if (this.#end !== undefined) return;
    this.#end = new ConnectionLost(reason);
    clearInterval(this.#timer);
    this.#hangUp();
    for (const { reject } of this.#pending) reject(this.#end);
    this.#pending.clear();
  }

  open(path: string, flags: number, attributes: InputAttributes = {}): Promise<Buffer> {
    return this.#ask((sftp, answer) => sftp.open(path, flags, attributes, answer));
  }

  closeHandle(handle: Buffer): Promise<void> {
    return this.#ask((sftp, answer) => sftp.close(handle, acknowledged(answer)));
  }

  /** Fills the buffer as far as the file goes, and gives the number of bytes. */
  read(handle: Buffer, target: Buffer, position: number): Promise<number> {
    return this.#ask((sftp, answer) =>
      sftp.read(handle, target, 0, target.length, position, (error, count) => answer(error, count)),
    );
  }

  write(handle: Buffer, bytes: Buffer, position: number): Promise<void> {
    return this.#ask((sftp, answer) =>
      sftp.write(handle, bytes, 0, bytes.length, position, acknowledged(answer)),
    );
  }

  async statusOf(handle: Buffer): Promise<RemoteStatus> {
    return statusIn(await this.#ask((sftp, answer) => sftp.fstat(handle, answer)));
  }

  /** Links are followed. */
  async look(path: string): Promise<RemoteStatus> {
    return statusIn(await this.#ask((sftp, answer) => sftp.stat(path, answer)));
  }

  truncate(handle: Buffer, sizeBytes: number): Promise<void> {
    return this.#ask((sftp, answer) =>
      sftp.fsetstat(handle, { size: sizeBytes }, acknowledged(answer)),
    );
  }

  setMode(path: string, mode: number): Promise<void> {
    return this.#ask((sftp, answer) => sftp.setstat(path, { mode }, acknowledged(answer)));
  }

  makeFolder(path: string, mode: number): Promise<void> {
    return this.#ask((sftp, answer) => sftp.mkdir(path, { mode }, acknowledged(answer)));
  }

  removeFolder(path: string): Promise<void> {
    return this.#ask((sftp, answer) => sftp.rmdir(path, acknowledged(answer)));
  }

  removeFile(path: string): Promise<void> {
    return this.#ask((sftp, answer) => sftp.unlink(path, acknowledged(answer)));
  }

  /** What is in a folder, in no order; links as themselves. */
  async list(path: string): Promise<readonly RemoteEntry[]> {
    const found = await this.#ask<readonly FoundEntry[]>((sftp, answer) =>
      sftp.readdir(path, answer),
    );
    return found.map(({ filename, attrs }) => ({ name: filename, ...statusIn(attrs) }));
  }

  /** Needs {@link SftpExtensions.canReplace}. */
  replace(from: string, to: string): Promise<void> {
    return this.#ask((sftp, answer) => sftp.ext_openssh_rename(from, to, acknowledged(answer)));
  }

  /** Gives a second name, which nothing may have. Needs {@link SftpExtensions.canLink}. */
  link(from: string, to: string): Promise<void> {
    return this.#ask((sftp, answer) => sftp.ext_openssh_hardlink(from, to, acknowledged(answer)));
  }

  /** Has the disk write a file, or the names in a folder. Needs {@link SftpExtensions.canSync}. */
  sync(handle: Buffer): Promise<void> {
    return this.#ask(
      (sftp, answer) => sftp.ext_openssh_fsync(handle, acknowledged(answer)),
      SYNC_PATIENCE_MS,
    );
  }

  /** Bytes that this user may still write where a path is. Needs {@link SftpExtensions.canTellRoom}. */
  async freeBytes(path: string): Promise<number> {
    const found = await this.#ask<unknown>((sftp, answer) =>
      sftp.ext_openssh_statvfs(path, answer),
    );
    const { f_frsize, f_bavail } = v.parse(RoomSchema, found);
    return f_frsize * f_bavail;
  }

  #ask<T>(
    send: (sftp: SFTPWrapper, answer: Answer<T>) => void,
    patienceMs = PATIENCE_MS,
  ): Promise<T> {
    const end = this.#end;
    if (end !== undefined) return Promise.reject(end);
    return new Promise<T>((resolve, reject) => {
      const pending: Pending = { reject, patienceMs, sinceMs: performance.now() };
      this.#pending.add(pending);
      send(this.#sftp, (error, value) => {
        if (!this.#pending.delete(pending)) return;
        this.#heardAtMs = performance.now();
        if (error === undefined || error === null) resolve(value);
        else reject(typed(error));
      });
    });
  }

  #lookAtPending(): void {
    const nowMs = performance.now();
    for (const { sinceMs, patienceMs } of this.#pending) {
      if (nowMs - Math.max(sinceMs, this.#heardAtMs) < patienceMs) continue;
      this.close(`the server has not answered for ${patienceMs / 1000} seconds`);
      return;
    }
  }
}

/** As ssh2 gives it. */
interface FoundEntry {
  readonly filename: string;
  readonly attrs: { readonly mode: number; readonly size: number; readonly mtime: number };
}

const RoomSchema = v.object({ f_frsize: v.number(), f_bavail: v.number() });

const FOLDER = 0o040000;
const FILE = 0o100000;
const LINK = 0o120000;
const KIND = 0o170000;
const PERMISSIONS = 0o777;

function statusIn({ mode, size, mtime }: FoundEntry['attrs']): RemoteStatus {
  return {
    kind: kindIn(mode & KIND),
    sizeBytes: size,
    modifiedMs: mtime * 1000,
    mode: mode & PERMISSIONS,
  };
}

function kindIn(bits: number): RemoteStatus['kind'] {
  return bits === FILE ? 'file' : bits === FOLDER ? 'folder' : bits === LINK ? 'link' : 'other';
}

/** ssh2 keeps them to itself, and tells by an exception that one is missing. */
function extensionsOf(sftp: SFTPWrapper): SftpExtensions {
  const found = v.parse(ExtensionsSchema, Reflect.get(sftp, '_extensions'));
  return {
    canReplace: found['posix-rename@openssh.com'] === '1',
    canSync: found['fsync@openssh.com'] === '1',
    canLink: found['hardlink@openssh.com'] === '1',
    canTellRoom: found['statvfs@openssh.com'] === '2',
  };
}

const ExtensionsSchema = v.record(v.string(), v.string());

/** For an answer that only says that it is done. */
function acknowledged(answer: Answer<void>): (error?: Error | null) => void {
  return (error) => answer(error, undefined);
}

/** ssh2 gives the status as a code; without one, the connection has ended. */
function typed(error: Error): Error {
  return 'code' in error && typeof error.code === 'number'
    ? new SftpStatus(error.code, error.message)
    : new ConnectionLost('the server has closed the connection');
}
