import { Failure } from '../../../system/failure.ts';
import { parentOf } from './parent-of.ts';
import { pathIn } from './sftp-address.ts';
import { isStatus, SftpStatus, STATUS } from './sftp-error.ts';
import type { SftpLink } from './sftp-link.ts';
import { OPEN, type SftpSession } from './sftp-session.ts';

/** Rights for who is neither the owner nor of the group, and those of the group, to write: a umask takes these away. */
const OFTEN_MASKED = 0o022;

/**
 * The folders of a store, below the one that it is in. That one is never made: on a server whose disk isn't mounted, it
 * would be the wrong one.
 */
export class RemoteFolders {
  readonly #link: SftpLink;
  readonly #root: string;
  readonly #name: string;
  #mode: Promise<number> | undefined;
  #canSync = true;

  /** @param root - the folder of the store. @param name - how messages call it */
  constructor(link: SftpLink, { root, name }: { readonly root: string; readonly name: string }) {
    this.#link = link;
    this.#root = root;
    this.#name = name;
  }

  /** Rights as the folder of the store has them. Failure `not-found` where it isn't there. */
  async mode(): Promise<number> {
    this.#mode ??= this.#link.run(`look at the folder ${this.#name}`, async (session) => {
      const { kind, mode } = await session.look(this.#root);
      if (kind === 'folder') return mode;
      throw new Failure('usage', `Cannot use ${this.#name}: it is not a folder`, {
        hint: 'Name a folder on the server.',
      });
    });
    try {
      return await this.#mode;
    } catch (error) {
      // Somebody may make it, and try again.
      this.#mode = undefined;
      throw error;
    }
  }

  /** Makes a folder and those that lead to it, unless they are there. @param inside - with slashes, below the root */
  async make(session: SftpSession, inside: string): Promise<void> {
    if (inside === '') return;
    const mode = await this.mode();
    const path = pathIn(this.#root, inside);
    try {
      await session.makeFolder(path, mode);
    } catch (error) {
      const above = parentOf(inside);
      if (isStatus(error, STATUS.noSuchFile) && above !== '') {
        await this.make(session, above);
        return this.make(session, inside);
      }
      // Servers don't say that it is there already.
      if (isStatus(error, STATUS.failure) && (await isFolder(session, path))) return;
      throw error;
    }
    if ((mode & OFTEN_MASKED) !== 0) await session.setMode(path, mode);
    await this.sync(session, parentOf(inside));
  }

  /** Makes names in a folder last, where the server can: OpenSSH opens folders as files. */
  async sync(session: SftpSession, inside: string): Promise<void> {
    if (!session.extensions.canSync || !this.#canSync) return;
    try {
      const handle = await session.open(pathIn(this.#root, inside), OPEN.read);
      await session.sync(handle).finally(() => session.closeHandle(handle));
    } catch (error) {
      if (!(error instanceof SftpStatus)) throw error;
      // Who has removed the last thing in it has removed the folder.
      if (error.status !== STATUS.noSuchFile) this.#canSync = false;
    }
  }

  /** Removes a folder, and those above it, as long as nothing is in them. */
  async removeEmpty(session: SftpSession, inside: string): Promise<void> {
    let left = inside;
    while (left !== '' && (await this.#isRemoved(session, left))) left = parentOf(left);
    await this.sync(session, left);
  }

  /** Whatever keeps an empty folder harms nobody. */
  async #isRemoved(session: SftpSession, inside: string): Promise<boolean> {
    try {
      await session.removeFolder(pathIn(this.#root, inside));
      return true;
    } catch (error) {
      if (!(error instanceof SftpStatus)) throw error;
      return error.status === STATUS.noSuchFile;
    }
  }
}

async function isFolder(session: SftpSession, path: string): Promise<boolean> {
  return (await session.look(path)).kind === 'folder';
}
