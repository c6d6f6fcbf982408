import { Failure } from '../../system/failure.ts';
import { giveWay } from '../../system/streams/cooperative.ts';
import type { TreeEntry, TreeReader } from '../tree-reader.ts';
import type { ShownFile } from './shown-file.ts';

/** A file in a tree that a view shows. */
export interface TreeFile extends Omit<ShownFile, 'modifiedMs'> {
  /** Rights and kind, as `stat` has them. */
  readonly mode: number;
  /** See {@link TreeEntry}. */
  readonly content?: string;
}

/** What is in a tree that a view shows, by paths below it. */
export interface TreeContent {
  /** The file of a path; undefined: there is none. */
  readonly fileAt: (path: string) => Promise<TreeFile | undefined>;
  /** All files. */
  readonly all: () => Promise<ReadonlyMap<string, TreeFile>>;
  /** Names of what is directly in it, where that is known without {@link all}. */
  readonly top?: readonly TreeEntry[];
  /** What is in one of its folders, where that is a whole of its own; undefined: it has no such folder by itself. */
  readonly below?: (folder: string) => TreeContent | undefined;
}

/** Entries that are given at once: few, since what waits for long is kept in memory for much longer. */
const PORTION = 64;

/** A {@link TreeReader} of a tree that is in no folder. @param content - undefined: there is no such tree */
export function shownTree(name: string, content: TreeContent | undefined): TreeReader {
  const nameOf = (path: string) => `${name}/${path}`;
  const requireContent = (): TreeContent => {
    if (content !== undefined) return content;
    throw notThere(name);
  };
  const requireFile = async (path: string): Promise<TreeFile> => {
    const file = await content?.fileAt(path);
    if (file !== undefined) return file;
    if (await hasFolder(content, path)) {
      throw new Failure('usage', `Cannot read "${nameOf(path)}": it is not a regular file`, {
        hint: 'Name a file.',
      });
    }
    throw notThere(nameOf(path));
  };
  return {
    name,
    localFolder: undefined,
    nameOf,
    below: (folder) =>
      shownTree(
        nameOf(folder),
        content && (content.below?.(folder) ?? contentBelow(content, folder)),
      ),
    isThere: async () => content !== undefined && (await hasFolder(content, '')),
    list: async () => {
      const { top, all } = requireContent();
      if (top !== undefined) return top;
      const files = await all();
      if (files.size === 0) throw notThere(name);
      return [...entriesOf(files)].filter(({ path }) => !path.includes('/'));
    },
    walk: async function* () {
      const files = await requireContent().all();
      if (files.size === 0) throw notThere(name);
      let portion: TreeEntry[] = [];
      for (const entry of entriesOf(files)) {
        portion.push(entry);
        if (portion.length < PORTION) continue;
        yield portion;
        portion = [];
        await giveWay();
      }
      yield portion;
    },
    sizesOf: async (paths) => {
      const files = await Promise.all(paths.map((path) => content?.fileAt(path)));
      return files.map((file) => file?.sizeBytes);
    },
    has: async (path) =>
      (await content?.fileAt(path)) !== undefined || (await hasFolder(content, path)),
    leadingOut: async () => [],
    read: async function* (path, range) {
      yield* (await requireFile(path)).read(range);
    },
    open: async (path) => (await requireFile(path)).open(),
  };
}

function contentBelow({ fileAt, all }: TreeContent, folder: string): TreeContent {
  const prefix = `${folder}/`;
  return {
    fileAt: (path) => fileAt(prefix + path),
    all: async () => {
      const below = new Map<string, TreeFile>();
      for (const [path, file] of await all())
        if (path.startsWith(prefix)) below.set(path.slice(prefix.length), file);
      return below;
    },
  };
}

/** @param folder - empty: the tree itself */
async function hasFolder(content: TreeContent | undefined, folder: string): Promise<boolean> {
  if (content === undefined) return false;
  const { top } = content;
  if (top?.some(({ kind, path }) => kind === 'folder' && path === folder)) return true;
  if (top !== undefined && folder === '') return true;
  for (const path of (await content.all()).keys()) {
    if (folder === '' || path.startsWith(`${folder}/`)) return true;
  }
  return false;
}

/** Files in the order of their paths, and in front of them the folders that lead there. There may be a million. */
function* entriesOf(files: ReadonlyMap<string, TreeFile>): Generator<TreeEntry> {
  let before = '';
  for (const path of [...files.keys()].sort()) {
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      // What is in one folder stands together.
      if (!before.startsWith(path.slice(0, end + 1)))
        yield { kind: 'folder', path: path.slice(0, end) };
    }
    before = path;
    const file = files.get(path);
    if (file === undefined) continue;
    const { sizeBytes, mode, content } = file;
    yield { kind: 'file', path, sizeBytes, mode, content };
  }
}

function notThere(path: string): Failure {
  return new Failure('not-found', `Cannot read "${path}": it does not exist`, {
    hint: 'List the restore points of the copy.',
  });
}
