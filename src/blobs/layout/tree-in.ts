import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { adopting, Failure } from '../../system/failure.ts';
import type { BlobEntry } from './catalogue.ts';

/**
 * The copy inside an entry: the one directory that is there, whatever its name. An entry that is a
 * blob directory itself is none: the recipe makes a link to the live one, where that is a link, and an
 * empty folder of an empty one, as of a copy that failed. Failure `damaged`.
 */
export async function treeIn(
  { name: entryName, base }: BlobEntry,
  folder: string,
): Promise<string> {
  const path = join(folder, entryName);
  const found = await adopting(`list the folder "${path}"`, () =>
    readdir(path, { withFileTypes: true }),
  );
  const directories = found.filter((one) => one.isDirectory()).map(({ name }) => name);
  const [first, ...others] = directories.filter((name) => name === base || !isOfBlobs(name));
  if (found.some(({ name }) => name === LAYOUT_FILE) || first === undefined) {
    throw noCopy(path, 'it holds no copy of a blob directory');
  }
  if (directories.includes(base)) return join(path, base);
  if (others.length > 0) throw noCopy(path, 'it holds several folders');
  return join(path, first);
}

/** The file in a blob directory that names its layout (ZODB, `blob.py`). */
const LAYOUT_FILE = '.layout';

/** What a blob directory holds, in both of its layouts. */
function isOfBlobs(name: string): boolean {
  return name === 'tmp' || /^0x[0-9a-f]+$/.test(name);
}

function noCopy(path: string, state: string): Failure {
  return new Failure('damaged', `Cannot use "${path}": ${state}`, {
    hint: 'Look at it. Restore to another date, or move what does not belong there away.',
  });
}
