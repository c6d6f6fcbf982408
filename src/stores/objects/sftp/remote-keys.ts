import { isUnfinished } from '../../../system/files/new-file.ts';
import { inParallel } from '../../../system/streams/pipeline.ts';
import { compareKeys } from '../object-key.ts';
import type { StoredObject } from '../object-store.ts';
import { pathIn } from './sftp-address.ts';
import { absentThere } from './sftp-error.ts';
import type { SftpLink } from './sftp-link.ts';
import type { RemoteStatus } from './sftp-session.ts';

/** Objects in a page. */
const PAGE_OBJECTS = 1000;

/** Folders that are asked for at once: each takes a few times the way to the server and back. */
const FOLDERS_AT_ONCE = 16;

/** Where objects are looked for. */
export interface RemoteTree {
  readonly link: SftpLink;
  /** The folder of the store. */
  readonly root: string;
  /** How messages call it. */
  readonly name: string;
}

/** The objects whose key begins so, in the order of their keys, in pages. Failure `not-found` without the folder. */
export function objectsBelow(tree: RemoteTree, prefix: string) {
  return inPages(tree, { prefix, isMeant: (name) => !isUnfinished(name) });
}

/** The same for what isn't complete, and has a name that tells it. */
export function unfinishedBelow(tree: RemoteTree, prefix: string) {
  return inPages(tree, { prefix, isMeant: isUnfinished });
}

async function* inPages(
  tree: RemoteTree,
  { prefix, isMeant }: { readonly prefix: string; readonly isMeant: (name: string) => boolean },
): AsyncGenerator<readonly StoredObject[]> {
  const listRoot = `list "${tree.name}"`;
  await tree.link.run(listRoot, (session) => session.look(tree.root));
  let page: StoredObject[] = [];
  for await (const object of walk(tree, { listed: await list(tree, ''), prefix, isMeant })) {
    page.push(object);
    if (page.length < PAGE_OBJECTS) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** A file, or a folder with a slash behind it: as `a-b` comes before `a/b`, and `a.b` too. */
interface Found {
  readonly path: string;
  readonly status: RemoteStatus;
}

async function* walk(
  tree: RemoteTree,
  {
    listed,
    prefix,
    isMeant,
  }: {
    readonly listed: readonly Found[];
    readonly prefix: string;
    readonly isMeant: (name: string) => boolean;
  },
): AsyncGenerator<StoredObject> {
  const inside = async (found: Found) =>
    isFolder(found) ? { found, inside: await list(tree, found.path) } : { found, inside: [] };
  const ahead = inParallel(wantedOf(listed, prefix), { limit: FOLDERS_AT_ONCE, work: inside });
  for await (const { found, inside } of ahead) {
    const { path: key, status } = found;
    if (isFolder(found)) yield* walk(tree, { listed: inside, prefix, isMeant });
    else if (isMeant(key.slice(key.lastIndexOf('/') + 1))) yield objectOf(key, status);
  }
}

export function objectOf(key: string, { sizeBytes, modifiedMs }: RemoteStatus): StoredObject {
  return { key, sizeBytes, modifiedMs, version: undefined };
}

async function* wantedOf(listed: readonly Found[], prefix: string): AsyncGenerator<Found> {
  for (const found of listed) {
    const { path } = found;
    if (path.startsWith(prefix) || (isFolder(found) && prefix.startsWith(path))) yield found;
  }
}

function isFolder({ path }: Found): boolean {
  return path.endsWith('/');
}

/** What is in a folder, in the order of keys; nothing where it is gone. @param folder - with a slash, or empty */
async function list({ link, root, name }: RemoteTree, folder: string): Promise<readonly Found[]> {
  const path = pathIn(root, folder.replace(/\/$/, ''));
  const found = await link.run(`list "${name}/${folder}"`, async (session) => {
    const entries = (await session.list(path).catch(absentThere)) ?? [];
    return Promise.all(
      entries.map(async (entry): Promise<Found | undefined> => {
        const isLink = entry.kind === 'link';
        const status = isLink
          ? await session.look(`${path}/${entry.name}`).catch(absentThere)
          : entry;
        return status && foundAs(`${folder}${entry.name}`, status);
      }),
    );
  });
  return found.flatMap((one) => one ?? []).sort((a, b) => compareKeys(a.path, b.path));
}

/** Undefined for what is neither file nor folder. */
function foundAs(path: string, status: RemoteStatus): Found | undefined {
  if (status.kind === 'folder') return { path: `${path}/`, status };
  return status.kind === 'file' ? { path, status } : undefined;
}
