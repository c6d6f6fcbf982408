import { microsecondsOfTid, parseTid, type Tid, ZERO_TID } from '../../filestorage/tid.ts';
import type { BackupRecord } from '../layout/backup-record.ts';
import type { Chain, ChainLink } from '../layout/chain.ts';
import { momentOfStamp, parseStamp, type Stamp } from '../layout/stamp.ts';
import type { OpenRepository } from '../open-repository.ts';
import type { Run } from '../records/run-history.ts';
import type { ListedPoint } from '../restore-point.ts';

/** Something that put an earlier state in the place of a Data.fs. Times are milliseconds since 1970. */
export interface PastRestore {
  /** When it had done that. */
  readonly at: number;
  /** When the state that it put there was live. */
  readonly of: number;
  /** That state; undefined: what was there before the restore that was undone. */
  readonly restored: RestoredMoment | undefined;
}

/** A restore point, or a moment within a backup by its last transaction. */
export type RestoredMoment =
  | { readonly kind: 'point'; readonly stamp: Stamp }
  | { readonly kind: 'transaction'; readonly tid: Tid };

/**
 * The restores of the Data.fs of a repository, the oldest first, as far as the log of runs of its site tells, or the
 * records of what was backed up after one.
 */
export async function restoresOf(repository: OpenRepository): Promise<readonly PastRestore[]> {
  const runs = await repository.runs();
  const chains = await repository.chains();
  const links = chains.flatMap((chain) => chain.links);
  const sources = new Set(links.flatMap(({ record }) => record?.source ?? []));
  const logged = runs.some(isSwap) ? pastRestores(runs, sources) : [];
  const recorded = links.flatMap((link, row) => recordedRestore(link, links[row - 1]) ?? []);
  return [...logged, ...recorded].sort((one, other) => one.at - other.at);

  /** What only a record tells: the restore was from other backups, or the log is lost. */
  function recordedRestore(
    link: ChainLink,
    before: ChainLink | undefined,
  ): PastRestore | undefined {
    const { continues } = link.record ?? {};
    const at = Date.parse(continues?.restoredAt ?? '');
    const after = before === undefined ? 0 : timeOfBackup(before);
    const upTo = timeOfBackup(link) + SLACK;
    const isLogged = logged.some((one) => one.at > after && one.at <= upTo);
    if (continues === undefined || Number.isNaN(at) || isLogged) return undefined;
    const restored = momentIn(continues, chains);
    return { at, of: timeOf(restored, at), restored };
  }
}

/** Milliseconds that the two clocks of a run may differ by: its log rounds, and measures by another one. */
const SLACK = 2000;

/** A state that a record names: where that is a backup, it is that one. */
function momentIn(
  { chain: stamp, tid }: NonNullable<BackupRecord['continues']>,
  chains: readonly Chain[],
): RestoredMoment {
  const chain = chains.find((one) => one.stamp === stamp);
  const link = chain?.links.find(({ record }) => record?.lastTid === tid);
  if (link !== undefined) return { kind: 'point', stamp: link.file.stamp };
  return { kind: 'transaction', tid: parseTid(tid) ?? ZERO_TID };
}

/**
 * The restores of a Data.fs, the oldest first, and what undid one.
 *
 * @param runs - what a repository has logged, the oldest first
 * @param sources - the paths of the Data.fs, as the records of its backups name it
 */
function pastRestores(runs: readonly Run[], sources: ReadonlySet<string>): readonly PastRestore[] {
  const found: PastRestore[] = [];
  for (const { verb, begun, seconds, dataFs = [], points, tids } of runs.filter(isSwap)) {
    const at = Date.parse(begun) + seconds * 1000;
    const last = found.at(-1);
    if (verb === 'undo') {
      if (last === undefined || !(dataFs.length === 0 || dataFs.some((path) => sources.has(path))))
        continue;
      // It swaps: what is undone once more is the restore again.
      const again = last.restored === undefined ? found.at(-2) : undefined;
      found.push({ at, of: last.at - 1, restored: again?.restored });
      continue;
    }
    const row = dataFs.findIndex((path) => sources.has(path));
    const restored = momentOf(points?.[row], tids?.[row]);
    if (restored !== undefined) found.push({ at, of: timeOf(restored, at), restored });
  }
  return found;
}

/** Whether a run has put an earlier state in the place of what was live. */
function isSwap({ verb, result }: Run): boolean {
  return (verb === 'restore' || verb === 'undo') && (result === 'done' || result === 'warnings');
}

/** The last restore up to a time; times are milliseconds since 1970. */
export function lastRestore(
  restores: readonly PastRestore[],
  { after = 0, upTo }: { readonly after?: number; readonly upTo: number },
): PastRestore | undefined {
  return restores.findLast(({ at }) => at > after && at <= upTo);
}

/**
 * Whether a Data.fs as it was at one time tells what was live at an earlier one: not where it was an earlier state then
 * that a restore has brought back since.
 */
export function tellsOf(
  earlier: number,
  { seenAt, restores }: { readonly seenAt: number; readonly restores: readonly PastRestore[] },
): boolean {
  let time = seenAt;
  for (;;) {
    const last = lastRestore(restores, { upTo: time });
    if (last === undefined || last.at <= earlier) return true;
    if (last.of <= earlier) return false;
    time = last.of;
  }
}

/** When a backup was made, in milliseconds since 1970: its stamp has whole seconds. */
export function timeOfBackup({ file, record }: ChainLink): number {
  const madeAt = Date.parse(record?.madeAt ?? '');
  const time = timeOfStamp(file.stamp);
  return Number.isNaN(madeAt) ? time : Math.max(time, madeAt);
}

/** The same of the last backup that a restore point takes. */
export function timeOfPoint({ links, stamp }: ListedPoint): number {
  const last = links.at(-1);
  return last === undefined ? timeOfStamp(stamp) : timeOfBackup(last);
}

/** In milliseconds since 1970; 0 for a stamp that no calendar has. */
export function timeOfStamp(stamp: Stamp): number {
  return momentOfStamp(stamp)?.getTime() ?? 0;
}

/** The same of a tid. */
export function timeOfTid(tid: Tid): number {
  return Number(microsecondsOfTid(tid) / 1000n);
}

function momentOf(stamp: string | undefined, tid: string | undefined): RestoredMoment | undefined {
  const last = parseTid(tid ?? '');
  if (last !== undefined) return { kind: 'transaction', tid: last };
  const point = parseStamp(stamp ?? '');
  return point === undefined ? undefined : { kind: 'point', stamp: point };
}

/** A clock that was wrong doesn't make it later than the restore. */
function timeOf(restored: RestoredMoment, at: number): number {
  const time = restored.kind === 'point' ? timeOfStamp(restored.stamp) : timeOfTid(restored.tid);
  return Math.min(time, at - 1);
}
