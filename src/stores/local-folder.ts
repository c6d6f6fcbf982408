import { join } from 'node:path';
import { Failure } from '../system/failure.ts';
import { NewDirectory } from '../system/files/new-directory.ts';
import { NewFile, writeNewFile } from '../system/files/new-file.ts';
import type { Rights } from '../system/files/rights.ts';

/** A folder of this machine that a store is: for what needs paths, as other programs and hard links do. */
export interface LocalFolder {
  readonly path: string;
  /** Begins a file that another program goes on with. */
  stageFile(name: string, content: Iterable<Uint8Array>): Promise<StagedPath>;
  /** Begins a tree, which is filled in its place. */
  stageTree(name: string): Promise<StagedTree>;
}

/** A file or a tree that nobody finds until it is published; disposing of it takes it away, or what it has replaced. */
export interface StagedPath extends AsyncDisposable {
  readonly name: string;
  /** Where it is until then. */
  readonly path: string;
  /** Waits until all of it is on the disk. */
  complete(): Promise<void>;
  /** Gives it its name, when it is complete, in place of what has that. */
  publish(): Promise<void>;
}

/** A tree that is being made. */
export interface StagedTree extends StagedPath {
  /** Adds a small file, directly in it. */
  put(name: string, content: Uint8Array): Promise<void>;
}

export function localFolder(path: string, rightsOf: () => Promise<Rights>): LocalFolder {
  return {
    path,
    stageFile: async (name, content) => {
      const file = await NewFile.create(join(path, name), { rights: await rightsOf() });
      try {
        await file.write(content);
      } catch (error) {
        await file[Symbol.asyncDispose]();
        throw error;
      }
      return stagedPath(name, file);
    },
    stageTree: async (name) => {
      const rights = await rightsOf();
      const directory = await NewDirectory.create(join(path, name), rights);
      return {
        ...stagedPath(name, directory),
        put: (below, content) =>
          writeNewFile(join(directory.temporaryPath, below), content, { rights }),
      };
    },
  };
}

function stagedPath(name: string, made: NewFile | NewDirectory): StagedPath {
  return {
    name,
    path: made.temporaryPath,
    complete: () => made.complete(),
    publish: () => made.publish(),
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}

/** The folder that a store or a tree is, for what can't be done without one. Failure `usage`. */
export function requireLocalFolder<Folder>({
  name,
  localFolder,
}: {
  readonly name: string;
  readonly localFolder: Folder | undefined;
}): Folder {
  if (localFolder !== undefined) return localFolder;
  throw new Failure('usage', `Cannot use "${name}" for this: it is no folder of this machine`, {
    hint: 'Name a folder of this machine for the backups of blobs.',
  });
}
