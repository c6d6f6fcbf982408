import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { leadsNowhere } from '../absent.ts';
import { withSystemErrors } from '../failure.ts';
import { requireReadablePath } from './readable-name.ts';

/** The real path, also of what isn't there yet. Failure `usage` where its name is not UTF-8. */
export async function realPlaceOf(path: string): Promise<string> {
  const found = await withSystemErrors(`find "${path}"`, () => realpath(path).catch(leadsNowhere));
  if (found !== undefined) requireReadablePath(found, path);
  if (found !== undefined || dirname(path) === path) return found ?? path;
  return join(await realPlaceOf(dirname(path)), basename(path));
}

/** The path of a file as it is written, and its real one where that is another name, or in another folder. */
export async function namesOfFile(path: string): Promise<readonly string[]> {
  const place = await realPlaceOf(path);
  const written = join(await realPlaceOf(dirname(path)), basename(path));
  return written === place ? [path] : [path, place];
}
