import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, link, lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { absent } from '../absent.ts';
import { Failure, isFailure, systemCodeOf, withSystemErrors } from '../failure.ts';
import { giveToOwnerOfFolder } from './folder-owner.ts';
import { isTaken } from './presence.ts';
import { giveRights, type Rights, USUAL } from './rights.ts';
import { writeAll, writeWithHoles } from './write-all.ts';

/** Ending of files that aren't complete; a name is `.NAME.RANDOM.zodbvault-tmp`. */
const ENDING = '.zodbvault-tmp';

/** Bytes between two requests to the disk to write what it has: so that the last one is short. */
const SYNC_EVERY_BYTES = 32 << 20;

export interface NewFileSettings {
  /** Where it is until it is published. */
  readonly temporaryPath?: string;
  readonly rights?: Rights;
  /** What becomes of whole blocks of zeros; by default they are written. */
  readonly zeros?: 'written' | 'holes';
  /** Is told, again and again, in front of which offset all bytes are on the disk. */
  readonly onSynced?: (position: number) => void;
}

/**
 * A file that becomes visible under its name only when it is complete and on the disk. It is made
 * in the same folder.
 */
export class NewFile implements AsyncDisposable {
  readonly path: string;
  readonly temporaryPath: string;
  readonly #handle: FileHandle;
  readonly #hasHoles: boolean;
  readonly #onSynced: (position: number) => void;
  #isOpen = true;
  #isThere = true;
  #sizeBytes = 0;
  #unsyncedBytes = 0;
  #syncing: Promise<void> | undefined;

  private constructor(
    handle: FileHandle,
    {
      path,
      temporaryPath,
      zeros,
      onSynced,
    }: Required<Omit<NewFileSettings, 'rights'>> & { readonly path: string },
  ) {
    this.path = path;
    this.temporaryPath = temporaryPath;
    this.#handle = handle;
    this.#hasHoles = zeros === 'holes';
    this.#onSynced = onSynced;
  }

  /** By default, the file has a name of its own until it is published, and the usual rights. */
  static async create(path: string, settings: NewFileSettings = {}): Promise<NewFile> {
    const { temporaryPath = besidePath(path), rights = USUAL, zeros = 'written' } = settings;
    const { onSynced = () => {} } = settings;
    return withSystemErrors(`create a file in "${dirname(path)}"`, async () => {
      const handle = await open(temporaryPath, 'wx', rights.mode);
      const file = new NewFile(handle, { path, temporaryPath, zeros, onSynced });
      try {
        await giveToOwnerOfFolder(handle, temporaryPath);
        await giveRights(handle, { rights, path });
        return file;
      } catch (error) {
        await file[Symbol.asyncDispose]();
        throw error;
      }
    });
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get handle(): FileHandle {
    return this.#handle;
  }

  /** Adds bytes. The disk takes a chunk while the next one is made. */
  async write(content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    let writing: Promise<void> | undefined;
    try {
      for await (const chunk of content) {
        await writing;
        writing = this.#writeAll(chunk);
        writing.catch(() => {}); // It is awaited before the next chunk, or below.
      }
      await writing;
    } finally {
      await writing?.catch(() => {});
    }
  }

  /** Waits until every byte is on the disk, and closes the file. */
  async complete(): Promise<void> {
    await withSystemErrors(`write "${this.path}"`, async () => {
      await this.#syncing;
      if (this.#hasHoles) await this.#handle.truncate(this.#sizeBytes);
      await this.#handle.sync();
      this.#isOpen = false;
      await this.#handle.close();
    });
  }

  /** Gives the completed file its name, in place of a file that has it. Failure `refused` where it is a device. */
  async publish(): Promise<void> {
    await withSystemErrors(`rename a file to "${this.path}"`, async () => {
      await refuseDevice(this.path);
      await rename(this.temporaryPath, this.path);
      this.#isThere = false;
      await syncDirectory(dirname(this.path));
    });
  }

  /**
   * The same where nothing has that name; false: something has it, and stays as it is. Failure `system` where the file
   * system has no hard links.
   */
  async publishUnlessTaken(): Promise<boolean> {
    return withSystemErrors(`give a file the name "${this.path}"`, async () => {
      const isPublished = await linkUnlessTaken(this.temporaryPath, this.path);
      if (isPublished) await syncDirectory(dirname(this.path));
      return isPublished;
    });
  }

  /**
   * The same, also where the file system has no hard links: there, an empty file takes the name first. Failure `refused`
   * where something has it.
   */
  async publishAsNew(): Promise<void> {
    await withSystemErrors(`give a file the name "${this.path}"`, async () => {
      const isPublished = await linkUnlessTaken(this.temporaryPath, this.path).catch((error) => {
        if (!isFailure(error, 'system')) throw error;
        return this.#renameUnlessTaken();
      });
      if (!isPublished) throw taken(this.path);
      await syncDirectory(dirname(this.path));
    });
  }

  /** Leaves the completed file where it is: somebody else will give it its name. */
  handOver(): void {
    this.#isThere = false;
  }

  /** Removes it, unless it was published or handed over. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#syncing?.catch(() => {});
    if (this.#isOpen) await this.#handle.close();
    this.#isOpen = false;
    if (this.#isThere) await unlink(this.temporaryPath).catch(() => {});
    this.#isThere = false;
  }

  async #renameUnlessTaken(): Promise<boolean> {
    try {
      await (await open(this.path, 'wx')).close();
    } catch (error) {
      if (systemCodeOf(error) === 'EEXIST') return false;
      throw error;
    }
    await rename(this.temporaryPath, this.path);
    this.#isThere = false;
    return true;
  }

  async #writeAll(chunk: Uint8Array): Promise<void> {
    const { sizeBytes } = this;
    const write = this.#hasHoles ? writeWithHoles : writeAll;
    await withSystemErrors(`write "${this.path}"`, () => write(this.#handle, chunk, sizeBytes));
    this.#sizeBytes += chunk.length;
    this.#unsyncedBytes += chunk.length;
    this.#startSync();
  }

  /** Lets the disk work while the next bytes are computed; one request at a time. */
  #startSync(): void {
    if (this.#syncing !== undefined || this.#unsyncedBytes < SYNC_EVERY_BYTES) return;
    this.#unsyncedBytes = 0;
    const position = this.#sizeBytes;
    const syncing = this.#handle.datasync();
    // A failure stays here until complete() meets it: the kernel reports each only once.
    this.#syncing = syncing;
    syncing.then(
      () => {
        this.#syncing = undefined;
        this.#onSynced(position);
      },
      () => {},
    );
  }
}

/** Failure `refused` where something has the name of a file that is to be new. */
export async function refuseTaken(path: string): Promise<void> {
  if (await withSystemErrors(`look at "${path}"`, () => isTaken(path))) throw taken(path);
}

function taken(path: string): Failure {
  return new Failure('refused', `Cannot write "${path}": it is there already`, {
    hint: 'It was not changed. Name another file, or take that one away.',
  });
}

/**
 * Writes a whole file, which is seen under its name when it is complete and on the disk.
 *
 * @param isNew - whether nothing may have that name: failure `refused`
 */
export async function writeNewFile(
  path: string,
  content: Uint8Array,
  { rights = USUAL, isNew = false }: { readonly rights?: Rights; readonly isNew?: boolean } = {},
): Promise<void> {
  await using file = await NewFile.create(path, { rights });
  await file.write([content]);
  await file.complete();
  await (isNew ? file.publishAsNew() : file.publish());
}

/** What `link` answers on a file system without hard links. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** Whether the file has the other name now, which it can only get if nothing has it. */
async function linkUnlessTaken(path: string, other: string): Promise<boolean> {
  try {
    await link(path, other);
    return true;
  } catch (error) {
    const code = systemCodeOf(error) ?? '';
    if (NO_LINKS.includes(code)) {
      throw new Failure(
        'system',
        `Cannot create "${other}" only if nothing has its name: the file system has no hard links`,
        { hint: 'Choose a folder on another file system, as ext4, XFS or NFS.', cause: error },
      );
    }
    if (code !== 'EEXIST') throw error;
    // A server of NFS may have made it, and its answer was lost: then the file has two names.
    return (await lstat(path)).nlink === 2;
  }
}

/** Who may write into `/dev` may also rename something to `/dev/null`: no program of the system would find it again. */
async function refuseDevice(path: string): Promise<void> {
  const found = await lstat(path).catch(absent);
  if (found === undefined || !isDevice(found)) return;
  throw new Failure('refused', `Cannot write "${path}": it is not a regular file`, {
    hint: 'Nothing was changed. Name another file.',
  });
}

function isDevice(status: Stats): boolean {
  return status.isCharacterDevice() || status.isBlockDevice();
}

function besidePath(path: string): string {
  return join(dirname(path), unfinishedName(basename(path)));
}

/**
 * A name for something in the making that will be called `name`. @param sha256 - of the whole content, in hex: gives
 * the same name again to who goes on with it
 */
export function unfinishedName(name: string, sha256?: string): string {
  const mark = sha256?.slice(0, 12) ?? randomBytes(6).toString('hex');
  return `.${name}.${mark}${ENDING}`;
}

/** Whether this is the name of something in the making, of what will be called `of` if that is given. */
export function isUnfinished(name: string, of?: string): boolean {
  const future = /^\.(.*)\.[0-9a-f]{12}\.zodbvault-tmp$/s.exec(name)?.[1];
  return future !== undefined && (of === undefined || future === of);
}

/** Removes what killed runs left of new files. The caller holds the lock of the folder. */
export async function removeUnfinished(directory: string): Promise<readonly string[]> {
  return withSystemErrors(`clean up "${directory}"`, async () => {
    const names = (await readdir(directory, { withFileTypes: true }))
      .filter((entry) => !entry.isDirectory() && isUnfinished(entry.name))
      .map(({ name }) => name);
    for (const name of names) await unlink(join(directory, name));
    return names;
  });
}

/** Makes renames and removals in a folder last. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
