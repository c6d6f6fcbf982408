import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

/** The path of a Data.fs that was named where a date may stand, too; undefined: it is a date. */
export async function namedDataFs(words: string): Promise<string | undefined> {
  const path = resolve(words);
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    // Neither is a date.
    () => words.includes('/') || words.endsWith('.fs'),
  );
  return isFile ? path : undefined;
}
