import { randomBytes } from 'node:crypto';
import { readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withSystemErrors } from '../failure.ts';
import { failureOfEnd, requireProgram, runProgram } from '../processes/programs.ts';
import { makeDirectory } from './make-folder.ts';
import { isUnfinished, syncDirectory, unfinishedName } from './new-file.ts';
import { isTaken } from './presence.ts';
import { removeRecursively } from './remove-recursively.ts';
import type { Rights } from './rights.ts';

/** Ending of directories that were replaced and not removed yet: `.NAME.RANDOM.zodbvault-old`. */
const OLD = /^\.(.*)\.[0-9a-f]{12}\.zodbvault-old$/s;

/**
 * A directory that becomes visible under its name only when it is complete and on the disk. It is
 * made in the same folder.
 */
export class NewDirectory implements AsyncDisposable {
  readonly path: string;
  readonly temporaryPath: string;
  /** What nobody needs: the unfinished directory, or the one that it replaced. */
  #waste: string | undefined;

  private constructor(path: string, temporaryPath: string) {
    this.path = path;
    this.temporaryPath = temporaryPath;
    this.#waste = temporaryPath;
  }

  /** Makes it, empty. */
  static async create(path: string, rights: Rights): Promise<NewDirectory> {
    const directory = NewDirectory.reserve(path);
    await withSystemErrors(`create a folder in "${dirname(path)}"`, () =>
      makeDirectory(directory.temporaryPath, rights),
    );
    return directory;
  }

  /** Leaves it to others to make it at its temporary path. */
  static reserve(
    path: string,
    temporaryPath = join(dirname(path), unfinishedName(basename(path))),
  ): NewDirectory {
    return new NewDirectory(path, temporaryPath);
  }

  /** Waits until all that is in it is on the disk. */
  async complete(): Promise<void> {
    await syncFileSystem(this.temporaryPath);
  }

  /**
   * Gives the completed directory its name. One that has the name is put aside first, and removed
   * with the disposal; see {@link recoverReplaced} for what a kill in between leaves.
   */
  async publish(): Promise<void> {
    await withSystemErrors(`rename a folder to "${this.path}"`, async () => {
      const old = (await isTaken(this.path)) ? replacedPath(this.path) : undefined;
      if (old !== undefined) await rename(this.path, old);
      try {
        await rename(this.temporaryPath, this.path);
      } catch (error) {
        if (old !== undefined) await rename(old, this.path);
        throw error;
      }
      this.#waste = old;
      await syncDirectory(dirname(this.path));
    });
  }

  /** Leaves the completed directory where it is: somebody else will give it its name. */
  handOver(): void {
    this.#waste = undefined;
  }

  /** Removes it, or, where it was published, what it replaced; nothing after it was handed over. */
  async [Symbol.asyncDispose](): Promise<void> {
    const waste = this.#waste;
    this.#waste = undefined;
    if (waste === undefined) return;
    await withSystemErrors(`remove "${waste}"`, () => removeRecursively(waste));
  }
}

/** Where a directory that is being replaced waits. */
function replacedPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.zodbvault-old`);
}

/**
 * Recovers what a killed run left of replacements in a folder: puts back what has no successor,
 * removes what has one. Returns the names that were put back. The caller keeps other runs out.
 */
export async function recoverReplaced(directory: string): Promise<readonly string[]> {
  return withSystemErrors(`clean up "${directory}"`, async () => {
    const putBack: string[] = [];
    for (const name of await readdir(directory)) {
      const successor = OLD.exec(name)?.[1];
      if (successor === undefined) continue;
      if (await isTaken(join(directory, successor))) await removeRecursively(join(directory, name));
      else {
        await rename(join(directory, name), join(directory, successor));
        putBack.push(successor);
      }
    }
    if (putBack.length > 0) await syncDirectory(directory);
    return putBack;
  });
}

/** Removes directories that killed runs left unfinished. The caller keeps other runs out. */
export async function removeUnfinishedDirectories(directory: string): Promise<readonly string[]> {
  return withSystemErrors(`clean up "${directory}"`, async () => {
    const names = (await readdir(directory, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory() && isUnfinished(entry.name))
      .map(({ name }) => name);
    for (const name of names) await removeRecursively(join(directory, name));
    return names;
  });
}

/** Takes a file or a directory away in one step, then frees its space. */
export async function removeTree(path: string): Promise<void> {
  await withSystemErrors(`remove "${path}"`, async () => {
    const hidden = join(dirname(path), unfinishedName(basename(path)));
    await rename(path, hidden);
    await syncDirectory(dirname(path));
    await removeRecursively(hidden);
  });
}

/** Node has no syncfs(2), and a hundred thousand fsyncs take minutes. */
async function syncFileSystem(path: string): Promise<void> {
  const program = await requireProgram('sync', { hint: 'Install the package coreutils.' });
  const end = await runProgram(
    { path: program, arguments: ['-f', path] },
    { onOutput: () => {}, signal: new AbortController().signal },
  );
  if (end.status === 0) return;
  throw failureOfEnd(end, {
    what: `Cannot write "${path}" to the disk`,
    code: 'system',
    hint: 'Check the disk and the log of the system. Unfinished files were removed.',
  });
}
