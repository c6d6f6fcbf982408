import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { Site } from '../../config/model/site.ts';
import { type Run, readRuns } from '../../repository/records/run-history.ts';
import { leadingTo } from '../../system/files/place.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import { giveWay } from '../../system/streams/cooperative.ts';
import { type RestoreJournal, readJournal } from '../restore/journal/journal-record.ts';

/** Where it may be written down that a Data.fs was restored. */
export interface RestoreTraces {
  /** Folders with run logs. */
  readonly logs: readonly string[];
  /** Data.fs files beside which a journal may lie. */
  readonly anchors: readonly string[];
}

/** A restore logs where the backups were that it restored, of whichever kind they are. */
export function tracesOf({ storages }: Pick<Site, 'storages'>): RestoreTraces {
  return {
    logs: storages.flatMap(({ folders }) =>
      Object.values(folders).flatMap((kind) => kind?.filestorage ?? []),
    ),
    anchors: storages.map(({ dataFs }) => dataFs),
  };
}

/** They, and what a run has opened. */
interface KnownTraces extends RestoreTraces {
  readonly backups: OpenBackups;
}

/** What put a state of a Data.fs in place. */
export type PastRestore =
  | {
      readonly kind: 'restore';
      readonly at: Date;
      /** The restore point; undefined: nothing tells which. */
      readonly stamp: string | undefined;
    }
  | {
      /** It brought back what was there before a restore, and so before `since`. */
      readonly kind: 'undo';
      readonly at: Date;
      readonly since: Date;
      readonly undone: Extract<PastRestore, { kind: 'restore' }>;
    };

/**
 * What made a Data.fs what it is, oldest first: its restores, and what undid the last one, as far as they are
 * known; of a restore that was undone there is only that.
 */
export async function restoresOf(
  place: string,
  traces: KnownTraces,
): Promise<readonly PastRestore[]> {
  const past: PastRestore[] = [];
  for (const { verb, at, stamp } of await swapsOf(place, traces)) {
    const last = verb === 'undo' ? past.pop() : undefined;
    if (last?.kind === 'restore') past.push({ kind: 'undo', at, since: last.at, undone: last });
    else if (last?.kind === 'undo') past.push({ ...last.undone, at });
    else past.push({ kind: 'restore', at, stamp });
  }
  return past;
}

interface Swap {
  readonly verb: 'restore' | 'undo';
  readonly at: Date;
  readonly stamp: string | undefined;
}

/** Oldest first. A journal tells the moment of the last one, and a log that of its end. */
async function swapsOf(
  place: string,
  { logs, anchors, backups }: KnownTraces,
): Promise<readonly Swap[]> {
  const journals: RestoreJournal[] = [];
  for (const anchor of new Set(anchors)) {
    const journal = await readJournal(await realPlaceOf(anchor)).catch(() => undefined);
    const own = await leadingTo(place, journal?.steps.map(({ path }) => path) ?? []);
    if (journal !== undefined && own.size > 0) journals.push(journal);
  }
  const runs = new Map<string, Swap & { readonly begun: Date }>();
  for (const folder of new Set(logs)) {
    for (const run of await readRuns((await backups.repository(folder)).store)) {
      await giveWay();
      const swap = await swapOf(run, place);
      // A copy of a repository has the lines of the original.
      if (swap !== undefined) runs.set(`${run.begun} ${run.verb}`, swap);
    }
  }
  const swaps: Swap[] = [];
  // A journal is of the last swap: of two that were within a moment, it tells of the later one.
  const newestFirst = [...runs.values()].sort((a, b) => b.begun.getTime() - a.begun.getTime());
  for (const { begun, ...swap } of newestFirst) {
    const index = journals.findIndex(({ at }) => isDuring(new Date(at), { begun, end: swap.at }));
    const [journal] = index < 0 ? [] : journals.splice(index, 1);
    swaps.push(journal === undefined ? swap : { ...swap, at: new Date(journal.at) });
  }
  for (const { at, points } of journals) {
    const own = await leadingTo(place, points?.map(({ path }) => path) ?? []);
    const stamp = points?.find(({ path }) => own.has(path))?.stamp;
    swaps.push({ verb: points === undefined ? 'undo' : 'restore', at: new Date(at), stamp });
  }
  return swaps
    .filter(({ at }) => !Number.isNaN(at.getTime()))
    .sort((one, other) => one.at.getTime() - other.at.getTime());
}

async function swapOf(
  { verb, result, begun, seconds, dataFs, points }: Run,
  place: string,
): Promise<(Swap & { readonly begun: Date }) | undefined> {
  if (verb !== 'restore' && verb !== 'undo') return undefined;
  if (result !== 'done' && result !== 'warnings') return undefined;
  const own = await leadingTo(place, dataFs ?? []);
  const index = (dataFs ?? []).findIndex((path) => own.has(path));
  if (index < 0) return undefined;
  const start = new Date(begun);
  const end = new Date(start.getTime() + seconds * 1000);
  return { verb, at: end, stamp: points?.[index], begun: start };
}

/** Milliseconds that the two clocks of a run may differ by: its log rounds, and measures by another one. */
const SLACK = 2000;

function isDuring(at: Date, { begun, end }: { readonly begun: Date; readonly end: Date }): boolean {
  return at.getTime() >= begun.getTime() - SLACK && at.getTime() <= end.getTime() + SLACK;
}
