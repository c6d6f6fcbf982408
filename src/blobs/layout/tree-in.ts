import { LAYOUT_FILE, UNCOMMITTED_FOLDER } from '../../filestorage/blob-layout.ts';
import type { Store } from '../../stores/store.ts';
import type { TreeReader } from '../../stores/tree-reader.ts';
import { Failure } from '../../system/failure.ts';
import type { EntryName } from './entry-name.ts';

/**
 * The copy inside an entry: the one directory that is there, whatever its name. An entry that is a
 * blob directory itself is none: the recipe makes a link to the live one, where that is a link, and an
 * empty folder of an empty one, as of a copy that failed. Failure `damaged`.
 */
export async function treeIn(
  { name, base }: Pick<EntryName, 'name' | 'base'>,
  store: Store,
): Promise<TreeReader> {
  const entry = store.tree(name);
  const found = await entry.list();
  const directories = found.filter(({ kind }) => kind === 'folder').map(({ path }) => path);
  const [first, ...others] = directories.filter((path) => path === base || !isOfBlobs(path));
  if (found.some(({ path }) => path === LAYOUT_FILE) || first === undefined) {
    throw noCopy(entry, 'it holds no copy of a blob directory');
  }
  if (directories.includes(base)) return entry.below(base);
  if (others.length > 0) throw noCopy(entry, 'it holds several folders');
  return entry.below(first);
}

/** What a blob directory holds, in both of its layouts. */
function isOfBlobs(name: string): boolean {
  return name === UNCOMMITTED_FOLDER || /^0x[0-9a-f]+$/.test(name);
}

function noCopy({ name }: TreeReader, state: string): Failure {
  return new Failure('damaged', `Cannot use "${name}": ${state}`, {
    hint: 'Look at it. Restore to another date, or move what does not belong there away.',
  });
}
