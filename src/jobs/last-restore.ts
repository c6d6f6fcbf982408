import { readRuns } from '../repository/run-log.ts';
import { folderStore } from '../stores/folder-store.ts';
import { placeOfFile } from './restore.ts';
import { readJournal } from './restore-journal.ts';

/** Where it may be written down that a Data.fs was restored. */
export interface RestoreTraces {
  /** Folders with run logs. */
  readonly logs: readonly string[];
  /** Data.fs files beside which a journal may lie. */
  readonly anchors: readonly string[];
}

/** When a Data.fs was last put back, or a restore of it undone; undefined where nothing tells of it. */
export async function lastRestoreOf(
  path: string,
  { logs, anchors }: RestoreTraces,
): Promise<Date | undefined> {
  const place = await placeOfFile(path);
  const moments: string[] = [];
  for (const anchor of new Set(anchors)) {
    const journal = await readJournal(await placeOfFile(anchor)).catch(() => undefined);
    const isOfIt = journal?.steps.some((step) => step.path === place);
    if (journal !== undefined && isOfIt === true) moments.push(journal.at);
  }
  for (const folder of new Set(logs)) {
    for (const { verb, result, begun, dataFs } of await readRuns(folderStore(folder))) {
      const isRestore = verb === 'restore' || verb === 'undo';
      if (!isRestore || (result !== 'done' && result !== 'warnings')) continue;
      const places = await Promise.all((dataFs ?? []).map(placeOfFile));
      if (places.includes(place)) moments.push(begun);
    }
  }
  const times = moments.map((moment) => Date.parse(moment)).filter((time) => !Number.isNaN(time));
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}
