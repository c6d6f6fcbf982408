import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { adopting, Failure } from '../system/failure.ts';

/** The copy inside an entry: the one directory that is there, whatever its name. Failure `damaged`. */
export async function treeIn(entry: string): Promise<string> {
  const found = await adopting(`list the folder "${entry}"`, () =>
    readdir(entry, { withFileTypes: true }),
  );
  const [first, ...others] = found.filter((one) => one.isDirectory());
  if (first !== undefined && others.length === 0) return join(entry, first.name);
  throw new Failure(
    'damaged',
    `Cannot use "${entry}": it holds ${others.length === 0 ? 'no folder' : 'several folders'}, and a blob backup holds one`,
    { hint: 'Look at it. Restore to another date, or move what does not belong there away.' },
  );
}
