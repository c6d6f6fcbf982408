import { type Dirent, lstatSync, readdirSync, statSync } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { leadsNowhere, leadsNowhereOrInCircles } from '../system/absent.ts';
import { withSystemErrors } from '../system/failure.ts';
import { openFileSource } from '../system/files/byte-source.ts';
import { statOf } from '../system/files/presence.ts';
import { giveWay } from '../system/streams/cooperative.ts';
import { readFile } from './read-file.ts';
import type { TreeEntry, TreeReader } from './tree-reader.ts';

/** Names that are no UTF-8 have a character for each byte, which leads back to the name. */
const BYTEWISE = 'latin1';

/** A {@link TreeReader} of a folder of this machine. */
export function folderTree(root: string): TreeReader {
  return {
    name: root,
    localFolder: root,
    nameOf: (path) => join(root, path),
    below: (folder) => folderTree(join(root, folder)),
    isThere: async () => (await statOf(root))?.isDirectory() === true,
    list: () => withSystemErrors(`list the folder "${root}"`, async () => entriesOf(root, '')),
    walk: () => walk(root),
    sizesOf: (paths) => sizesOf(root, paths),
    has: (path) =>
      withSystemErrors(`look at "${join(root, path)}"`, async () => {
        return (await lstat(join(root, path)).catch(leadsNowhere)) !== undefined;
      }),
    leadingOut: (links) => leadingOut(root, links),
    read: (path, range) => readFile(join(root, path), range),
    open: (path) => openFileSource(join(root, path)),
  };
}

/** Synchronous calls, a folder at a time: through the thread pool, each would cost several times as much. */
async function* walk(root: string): AsyncGenerator<readonly TreeEntry[]> {
  const waiting = [''];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const at = folder;
    const path = root + Buffer.from(at, BYTEWISE).toString();
    yield await withSystemErrors(`count the files in "${path}"`, async () =>
      entriesOf(root, at, waiting),
    );
  }
}

/** @param below - of folders: gets those that are in it, bytewise */
function entriesOf(root: string, folder: string, below: string[] = []): readonly TreeEntry[] {
  const pathOf = (path: string) =>
    Buffer.from(Buffer.from(root).toString(BYTEWISE) + path, BYTEWISE);
  const found = readdirSync(pathOf(folder), { withFileTypes: true, encoding: BYTEWISE });
  return found.map((entry) => {
    const bytewise = `${folder}/${entry.name}`;
    const path = Buffer.from(bytewise.slice(1), BYTEWISE).toString();
    const kind = kindOf(entry);
    if (kind === 'folder') below.push(bytewise);
    if (kind !== 'file') return { kind, path };
    const { size, mode } = lstatSync(pathOf(bytewise));
    return { kind, path, sizeBytes: size, mode };
  });
}

function kindOf(entry: Dirent): TreeEntry['kind'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  return entry.isSymbolicLink() ? 'link' : 'special';
}

async function sizesOf(
  root: string,
  paths: readonly string[],
): Promise<readonly (number | undefined)[]> {
  return withSystemErrors(`look at the files in "${root}"`, async () => {
    const sizes: (number | undefined)[] = [];
    for (const path of paths) {
      await giveWay();
      const status = statSync(join(root, path), { throwIfNoEntry: false });
      sizes.push(status?.isFile() === true ? status.size : undefined);
    }
    return sizes;
  });
}

async function leadingOut(root: string, links: readonly string[]): Promise<readonly string[]> {
  if (links.length === 0) return [];
  return withSystemErrors(`follow the links in "${root}"`, async () => {
    const inside = `${await realpath(root)}${sep}`;
    const outward: string[] = [];
    for (const link of links) {
      const target = await realpath(join(root, link)).catch(leadsNowhereOrInCircles);
      if (target === undefined || !target.startsWith(inside)) outward.push(link);
    }
    return outward;
  });
}
