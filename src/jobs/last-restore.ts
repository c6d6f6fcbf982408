import { readRuns } from '../repository/run-log.ts';
import { folderStore } from '../stores/folder-store.ts';
import { realPlaceOf } from '../system/real-place.ts';
import { readJournal } from './restore-journal.ts';

/** Where it may be written down that a Data.fs was restored. */
export interface RestoreTraces {
  /** Folders with run logs. */
  readonly logs: readonly string[];
  /** Data.fs files beside which a journal may lie. */
  readonly anchors: readonly string[];
}

/** That a Data.fs was put back. */
export interface LastRestore {
  readonly at: Date;
  /** The restore point; undefined where a restore was undone, and where nothing tells which. */
  readonly stamp: string | undefined;
}

/** The last restore of a Data.fs, or what undid one; undefined where nothing tells of it. */
export async function lastRestoreOf(
  place: string,
  { logs, anchors }: RestoreTraces,
): Promise<LastRestore | undefined> {
  const restores: LastRestore[] = [];
  for (const anchor of new Set(anchors)) {
    const journal = await readJournal(await realPlaceOf(anchor)).catch(() => undefined);
    const isOfIt = journal?.steps.some((step) => step.path === place);
    if (journal === undefined || isOfIt !== true) continue;
    const stamp = journal.points?.find(({ path }) => path === place)?.stamp;
    restores.push({ at: new Date(journal.at), stamp });
  }
  for (const folder of new Set(logs)) {
    for (const { verb, result, begun, dataFs, points } of await readRuns(folderStore(folder))) {
      const isRestore = verb === 'restore' || verb === 'undo';
      if (!isRestore || (result !== 'done' && result !== 'warnings')) continue;
      const places = await Promise.all((dataFs ?? []).map(realPlaceOf));
      const index = places.indexOf(place);
      if (index >= 0) restores.push({ at: new Date(begun), stamp: points?.[index] });
    }
  }
  return restores
    .filter(({ at }) => !Number.isNaN(at.getTime()))
    .reduce<LastRestore | undefined>(
      (last, one) => (last === undefined || one.at > last.at ? one : last),
      undefined,
    );
}
