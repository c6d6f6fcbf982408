import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { leadsNowhere } from '../../system/absent.ts';
import { Failure, isFailure, withSystemErrors } from '../../system/failure.ts';
import { isUnfinished } from '../../system/files/new-file.ts';
import { requireFolder } from '../folder-store.ts';
import { compareKeys, isKey } from './object-key.ts';

/** Keys in a page. */
const PAGE_KEYS = 1000;

type Keys = AsyncGenerator<readonly string[]>;

/** The keys of objects in a folder that begin so, in their order, in pages. Failures: `not-found`, `system`. */
export function keysBelow(root: string, prefix: string): Keys {
  return inPages(root, prefix, isKey);
}

/** The same for objects that aren't complete, and have names that tell it. */
export function unfinishedBelow(root: string, prefix: string): Keys {
  return inPages(root, prefix, (key) => isUnfinished(basename(key)));
}

async function* inPages(root: string, prefix: string, isMeant: (key: string) => boolean): Keys {
  await requireFolder(root).catch(unlessMissing);
  let page: string[] = [];
  for await (const key of filesIn(root, { folder: '', prefix })) {
    if (!isMeant(key)) continue;
    page.push(key);
    if (page.length < PAGE_KEYS) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** A disk that is not mounted has no folders. */
function unlessMissing(cause: unknown): never {
  if (!isFailure(cause, 'not-found')) throw cause;
  throw new Failure('not-found', `${cause.message}, or its disk is not mounted`, {
    hint: 'Mount the disk. If the place is new, make the folder.',
    cause,
  });
}

/** @param folder - its path, and a slash; empty for the root */
async function* filesIn(
  root: string,
  { folder, prefix }: { readonly folder: string; readonly prefix: string },
): AsyncGenerator<string> {
  for (const path of await pathsIn(root, folder)) {
    const isFolder = path.endsWith('/');
    if (!path.startsWith(prefix) && !(isFolder && prefix.startsWith(path))) continue;
    if (isFolder) yield* filesIn(root, { folder: path, prefix });
    else yield path;
  }
}

/** Files, and folders with a slash: as `a-b` comes before `a/b`, and `a.b` after it. */
async function pathsIn(root: string, folder: string): Promise<readonly string[]> {
  const path = join(root, folder);
  const found = await withSystemErrors(`list the folder "${path}"`, async () => {
    const entries = (await readdir(path, { withFileTypes: true }).catch(leadsNowhere)) ?? [];
    return Promise.all(entries.map((entry) => pathOf(entry, { path, folder })));
  });
  return found.flatMap((one) => one ?? []).sort(compareKeys);
}

/** Links are followed; undefined for what is neither file nor folder. */
async function pathOf(
  entry: Dirent,
  { path, folder }: { readonly path: string; readonly folder: string },
): Promise<string | undefined> {
  const isLink = entry.isSymbolicLink();
  const found = isLink ? await stat(join(path, entry.name)).catch(leadsNowhere) : entry;
  if (found?.isDirectory() === true) return `${folder}${entry.name}/`;
  return found?.isFile() === true ? `${folder}${entry.name}` : undefined;
}
