import type { OpenBackups } from '../../../blobs/open-backups.ts';
import type { Site } from '../../../config/model/site.ts';
import { type Run, readRuns } from '../../../repository/records/run-history.ts';
import { leadingTo } from '../../../system/files/place.ts';
import { realPlaceOf } from '../../../system/files/real-path.ts';
import { giveWay } from '../../../system/streams/cooperative.ts';
import { type RestoreJournal, readJournal } from '../../restore/journal/journal-record.ts';
import { type LoggedSwap, momentOf, momentsIn, type SwapMoment } from './swap-moment.ts';

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

/** They, what a run has opened, and its clock. */
interface KnownTraces extends RestoreTraces {
  readonly backups: OpenBackups;
  readonly now: Date;
}

/** What put a state of a Data.fs in place. */
export type PastRestore =
  | {
      readonly kind: 'restore';
      readonly moment: SwapMoment;
      /** The restore point; undefined: nothing tells which. */
      readonly stamp: string | undefined;
      /** The last transaction of a moment within a backup. */
      readonly tid?: string | undefined;
    }
  | {
      /** It brought back what was there before a restore. */
      readonly kind: 'undo';
      readonly moment: SwapMoment;
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
  for (const { verb, moment, stamp, tid } of await swapsOf(place, traces)) {
    const last = verb === 'undo' ? past.pop() : undefined;
    if (last?.kind === 'restore') past.push({ kind: 'undo', moment, undone: last });
    else if (last?.kind === 'undo') past.push({ ...last.undone, moment });
    else past.push({ kind: 'restore', moment, stamp, tid });
  }
  return past;
}

interface Swap {
  readonly verb: 'restore' | 'undo';
  readonly moment: SwapMoment;
  readonly stamp: string | undefined;
  readonly tid: string | undefined;
}

/** A swap as its log tells it. */
interface LoggedRun extends LoggedSwap, Omit<Swap, 'moment'> {
  readonly begun: Date;
  /** A copy of a repository has the lines of the original. */
  readonly name: string;
}

/** Oldest first. A journal tells the moment of the last one, and a log that of its end. */
async function swapsOf(
  place: string,
  { logs, anchors, backups, now }: KnownTraces,
): Promise<readonly Swap[]> {
  const journals = await journalsOf(place, anchors);
  const swaps = new Map<string, Swap>();
  for (const folder of new Set(logs)) {
    const runs = await readRuns((await backups.repository(folder)).store);
    const logged = withJournals(await swapsAmong(runs, place), journals);
    const moments = momentsIn(runs, { swaps: logged, now });
    for (const [index, moment] of moments.entries()) {
      const one = logged[index];
      if (one !== undefined && !swaps.has(one.name)) swaps.set(one.name, { ...one, moment });
    }
  }
  const all = [...swaps.values()];
  for (const { at, points } of journals) {
    const own = await leadingTo(place, points?.map(({ path }) => path) ?? []);
    const point = points?.find(({ path }) => own.has(path));
    const moment = momentOf(new Date(at), now);
    const verb = points === undefined ? 'undo' : 'restore';
    all.push({ verb, moment, stamp: point?.stamp, tid: point?.tid });
  }
  const timeOf = ({ moment }: Swap) => moment.at?.getTime() ?? Number.MAX_VALUE;
  return all
    .filter((one) => !Number.isNaN(timeOf(one)))
    .sort((one, other) => timeOf(one) - timeOf(other));
}

async function journalsOf(place: string, anchors: readonly string[]): Promise<RestoreJournal[]> {
  const journals: RestoreJournal[] = [];
  for (const anchor of new Set(anchors)) {
    // One that can't be read explains nothing: what looks lost stays lost, and nothing old goes.
    const journal = await readJournal(await realPlaceOf(anchor)).catch(() => undefined);
    const own = await leadingTo(place, journal?.steps.map(({ path }) => path) ?? []);
    if (journal !== undefined && own.size > 0) journals.push(journal);
  }
  return journals;
}

async function swapsAmong(runs: readonly Run[], place: string): Promise<readonly LoggedRun[]> {
  const swaps: LoggedRun[] = [];
  for (const [index, run] of runs.entries()) {
    const { verb, result, begun, seconds, dataFs = [], points, tids } = run;
    await giveWay();
    if (verb !== 'restore' && verb !== 'undo') continue;
    if (result !== 'done' && result !== 'warnings') continue;
    const own = await leadingTo(place, dataFs);
    const position = dataFs.findIndex((path) => own.has(path));
    if (position < 0) continue;
    const start = new Date(begun);
    const at = new Date(start.getTime() + seconds * 1000);
    swaps.push({
      verb,
      index,
      at,
      begun: start,
      stamp: points?.[position],
      tid: tids?.[position],
      name: `${begun} ${verb}`,
    });
  }
  return swaps;
}

/**
 * A journal is of the last swap: of two that were within a moment, it tells of the later one.
 *
 * @param journals - those that are found go out of it
 */
function withJournals(
  swaps: readonly LoggedRun[],
  journals: RestoreJournal[],
): readonly LoggedRun[] {
  const told = [...swaps];
  for (const [index, swap] of [...told.entries()].reverse()) {
    const position = journals.findIndex(({ at }) => isDuring(new Date(at), swap));
    const [journal] = position < 0 ? [] : journals.splice(position, 1);
    if (journal !== undefined) told[index] = { ...swap, at: new Date(journal.at) };
  }
  return told;
}

/** Milliseconds that the two clocks of a run may differ by: its log rounds, and measures by another one. */
const SLACK = 2000;

function isDuring(moment: Date, { begun, at }: LoggedRun): boolean {
  return moment.getTime() >= begun.getTime() - SLACK && moment.getTime() <= at.getTime() + SLACK;
}
