import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCodeOf, withSystemErrors } from '../../../system/failure.ts';
import { isUnfinished } from '../../../system/files/new-file.ts';
import { removeAll, stagedNames } from '../../../system/files/replacement.ts';
import type { JobContext } from '../../run/events.ts';
import { journalPath } from './journal-record.ts';

/**
 * Removes what killed restores with this anchor staged and never used. The caller keeps other such restores
 * out, and has seen that the journal needs none of it; what those of another anchor have staged may be needed.
 */
export async function removeStaged(
  targets: readonly string[],
  { anchor, context: { onEvent } }: { readonly anchor: string; readonly context: JobContext },
): Promise<void> {
  for (const target of new Set(targets)) {
    const left = await stagedBeside(target, anchor);
    for (const name of left) await removeAll(join(dirname(target), name));
    if (left.length > 0) onEvent({ kind: 'leftovers-removed', fileNames: left });
  }
}

/** Whether there is something that {@link removeStaged} would remove. */
export async function hasStaged(targets: readonly string[], anchor: string): Promise<boolean> {
  for (const target of new Set(targets)) {
    if ((await stagedBeside(target, anchor)).length > 0) return true;
  }
  return false;
}

async function stagedBeside(target: string, anchor: string): Promise<readonly string[]> {
  const folder = dirname(target);
  const names = await withSystemErrors(`clean up "${folder}"`, () =>
    readdir(folder).catch((error: unknown) => {
      if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemCodeOf(error) ?? '')) return [];
      throw error;
    }),
  );
  const isJournal = (name: string) =>
    isUnfinished(name) && name.startsWith(`.${basename(journalPath(anchor))}.`);
  return [
    ...stagedNames(names, { name: basename(target), anchor }),
    ...stagedNames(names, { name: `${basename(target)}.index`, anchor }),
    ...(folder === dirname(anchor) ? names.filter(isJournal) : []),
  ];
}
