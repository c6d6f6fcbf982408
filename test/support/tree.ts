import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** All files below a folder with the md5 of their content, in the order of their names. */
export function listTree(directory: string): readonly (readonly [path: string, md5: string])[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => {
      const md5 = createHash('md5').update(readFileSync(path)).digest('hex');
      return [path.slice(directory.length + 1), md5] as const;
    });
}
