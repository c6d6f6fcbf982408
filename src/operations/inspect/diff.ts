import type { PointingRecord } from '../../filestorage/audit/pointing-records.ts';
import { classNameOf } from '../../filestorage/class-name.ts';
import { OidIndex } from '../../filestorage/index/oid-index.ts';
import { type Oid, oidFromParts } from '../../filestorage/oid.ts';
import type { ScannedTransaction, ScanVisitor } from '../../filestorage/scan-visitor.ts';
import { transactionEnd } from '../../filestorage/transaction-header.ts';
import type { ChainLink } from '../../repository/layout/chain.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { Cut } from '../../repository/moment/cut.ts';
import { cutOf, type RestorePoint } from '../../repository/restore-point.ts';
import type { RestoreTarget } from '../../repository/restore-target.ts';
import { Failure } from '../../system/failure.ts';
import { eachInTurn } from '../../system/streams/cooperative.ts';
import type { JobContext } from '../run/events.ts';
import { type OpenedPoint, openPoint } from '../run/open-point.ts';
import { PointState } from './point-state.ts';
import { scanLinks, scanPoint } from './scan-point.ts';

/** Objects, and bytes of their records as they are at the later point. */
export interface ObjectCount {
  readonly objects: number;
  readonly bytes: number;
}

export interface ClassDifference {
  /** `module.name`. */
  readonly name: string;
  readonly added: ObjectCount;
  readonly changed: ObjectCount;
}

export interface ComparedPoint {
  readonly stamp: Stamp;
  /** Where it ends within that backup. */
  readonly cut: Cut | undefined;
  readonly dataFsBytes: number;
}

/** What came between two restore points. */
export interface PointDifference {
  readonly from: ComparedPoint;
  readonly to: ComparedPoint;
  /**
   * - `continued`: the later one is the earlier one with more behind it; only that was read.
   * - `compared`: a pack, or another full backup, lies between; both were read.
   */
  readonly way: 'continued' | 'compared';
  /** Those that are newer than the earlier point, and still there. */
  readonly transactions: number;
  readonly transactionBytes: number;
  /** Objects that are no longer there: packed away, or their creation undone. */
  readonly removed: number;
  /** The largest first. */
  readonly classes: readonly ClassDifference[];
}

/**
 * Compares two restore points where they lie. Memory: where the later one continues the earlier one, 18
 * bytes for each object between them; else 6 for each object of both points. And 26 for each record that
 * points back, 16 for each transaction of what is read. Failures: `usage` where the first is the later one;
 * `not-found`, `damaged`.
 */
export async function readPointDifference(
  repository: string,
  {
    from,
    to,
    context,
  }: {
    readonly from: RestoreTarget;
    readonly to: RestoreTarget;
    readonly context: JobContext;
  },
): Promise<PointDifference> {
  const how = { aim: 'compare what is in', backups: context.backups } as const;
  const pair = {
    earlier: await openPoint(repository, { target: from, ...how }),
    later: await openPoint(repository, { target: to, ...how }),
    context,
  };
  const stamps = { from: pair.earlier.point.stamp, to: pair.later.point.stamp };
  if (isLater(pair.earlier.point, pair.later.point)) throw wrongOrder(stamps);
  const added = linksBehind(pair);
  const { scanLater, state, ...found } =
    added === undefined ? await compareStates(pair) : await readContinuation(pair, added);
  return {
    from: { stamp: stamps.from, cut: cutOf(pair.earlier.point), dataFsBytes: found.sizes.from },
    to: { stamp: stamps.to, cut: cutOf(pair.later.point), dataFsBytes: found.sizes.to },
    way: added === undefined ? 'compared' : 'continued',
    transactions: found.transactions,
    transactionBytes: found.transactionBytes,
    removed: found.removed,
    classes: await sumClasses({ scanLater, state, changeOf: found.changeOf }, context),
  };
}

/** Two moments of one backup are told apart by what they end with. */
function isLater(one: RestorePoint, other: RestorePoint): boolean {
  if (one.stamp !== other.stamp) return one.stamp > other.stamp;
  return (one.end ?? 0) > (other.end ?? 0);
}

interface Pair {
  readonly earlier: OpenedPoint;
  readonly later: OpenedPoint;
  readonly context: JobContext;
}

type Change = 'added' | 'changed' | 'none';

interface Found {
  readonly state: PointState;
  /** What has become of an object whose current record is at `position`. */
  readonly changeOf: (oid: Oid, position: number) => Change;
  /** Reads the later point again, as far as its changes take. */
  readonly scanLater: (visitor: ScanVisitor) => Promise<unknown>;
  readonly sizes: { readonly from: number; readonly to: number };
  readonly transactions: number;
  readonly transactionBytes: number;
  readonly removed: number;
}

interface Continuation {
  readonly links: readonly ChainLink[];
  /** Where the earlier point ends. */
  readonly start: number;
}

/** What the later point has behind the earlier one; undefined where it doesn't continue it. */
function linksBehind({ earlier, later }: Pair): Continuation | undefined {
  if (earlier.point.kind !== 'listed' || later.point.kind !== 'listed') return undefined;
  const { links, end: start, cut } = earlier.point;
  const all = later.point.links;
  const isContinued = links.every(({ file }, place) => all[place]?.file.name === file.name);
  if (!isContinued || start === undefined) return undefined;
  return { links: all.slice(links.length - (cut === undefined ? 0 : 1)), start };
}

async function readContinuation(
  { later, context }: Pair,
  { links, start }: Continuation,
): Promise<Found> {
  const tail = new PointState();
  const seen = new OidIndex();
  const before = new OidIndex();
  let pointsBack = false;
  let transactionBytes = 0;
  const counts = await scanLinks(later, {
    links,
    start,
    context,
    visitor: {
      transaction: (transaction) => {
        const { records } = transaction;
        transactionBytes += bytesOf(transaction);
        tail.apply(transaction);
        for (let row = 0; row < records.count; row++) {
          const [high, low] = [records.oidHigh(row), records.oidLow(row)];
          const target = records.backPointer(row);
          pointsBack ||= target > 0 && target < start;
          // Its first record behind the earlier point names the one that was current there.
          if (seen.at(high, low) === 0 && records.previous(row) > 0) before.set(high, low, 1);
          seen.set(high, low, 1);
        }
      },
    },
  });
  const wasThere = (oid: Oid) => before.get(oid) !== undefined;
  const scanAll = (visitor: ScanVisitor) => scanPoint(later, { visitor, context });
  // An undo may take data from in front of it: then all has to be read.
  const state = pointsBack ? await readState(scanAll) : tail;
  return {
    state,
    changeOf: (oid, position) => {
      if (position < start) return 'none';
      return wasThere(oid) ? 'changed' : 'added';
    },
    scanLater: pointsBack
      ? scanAll
      : (visitor) => scanLinks(later, { links, start, visitor, context }),
    sizes: { from: start, to: counts.end },
    transactions: counts.transactions,
    transactionBytes,
    removed: [...tail.gone].filter(wasThere).length,
  };
}

async function compareStates({ earlier, later, context }: Pair): Promise<Found> {
  const old = new PointState();
  const { end } = await scanPoint(earlier, {
    visitor: { transaction: (transaction) => old.apply(transaction) },
    context,
  });
  const { lastTid } = old.places;
  const state = new PointState();
  let transactions = 0;
  let transactionBytes = 0;
  const counts = await scanPoint(later, {
    visitor: {
      transaction: (transaction) => {
        state.apply(transaction);
        if (transaction.header.tid <= lastTid) return;
        transactions += 1;
        transactionBytes += bytesOf(transaction);
      },
    },
    context,
  });
  let removed = 0;
  const countRemoved = (oid: Oid) => {
    if (state.tidOf(oid) === 0n) removed += 1;
  };
  await eachInTurn(old, countRemoved, context.signal);
  return {
    state,
    changeOf: (oid, position) => {
      const tid = old.tidOf(oid);
      if (tid === 0n) return 'added';
      return tid === state.places.tidAt(position) ? 'none' : 'changed';
    },
    scanLater: (visitor) => scanPoint(later, { visitor, context }),
    sizes: { from: end, to: counts.end },
    transactions,
    transactionBytes,
    removed,
  };
}

async function readState(scan: (visitor: ScanVisitor) => Promise<unknown>): Promise<PointState> {
  const state = new PointState();
  await scan({ transaction: (transaction) => state.apply(transaction) });
  return state;
}

/** With the copy of its length behind it. */
function bytesOf({ header }: ScannedTransaction): number {
  return transactionEnd(header) - header.position;
}

async function sumClasses(
  { state, changeOf, scanLater }: Pick<Found, 'state' | 'changeOf' | 'scanLater'>,
  { signal }: JobContext,
): Promise<readonly ClassDifference[]> {
  const pointedAt = new Map<number, Change[]>();
  const notePointed = ({ oidHigh, oidLow, position, dataPosition }: PointingRecord) => {
    if (dataPosition === 0 || state.index.at(oidHigh, oidLow) !== position) return;
    const change = changeOf(oidFromParts(oidHigh, oidLow), position);
    if (change === 'none') return;
    pointedAt.set(dataPosition, [...(pointedAt.get(dataPosition) ?? []), change]);
  };
  await eachInTurn(state.pointing, notePointed, signal);
  const sums = new Map<string, Record<'added' | 'changed', { objects: number; bytes: number }>>();
  await scanLater({
    head: (head, { position, row, records }) => {
      const [high, low] = [records.oidHigh(row), records.oidLow(row)];
      const changes = [...(pointedAt.get(position) ?? [])];
      if (state.index.at(high, low) === position) {
        changes.push(changeOf(oidFromParts(high, low), position));
      }
      for (const change of changes) {
        if (change === 'none') continue;
        const name = classNameOf(head);
        const sum = sums.get(name) ?? { added: nothing(), changed: nothing() };
        sum[change].objects += 1;
        sum[change].bytes += records.pickleLength(row);
        sums.set(name, sum);
      }
    },
  });
  const bytes = ({ added, changed }: Omit<ClassDifference, 'name'>) => added.bytes + changed.bytes;
  return [...sums]
    .map(([name, sum]) => ({ name, ...sum }))
    .sort((one, other) => bytes(other) - bytes(one));
}

function nothing(): { objects: number; bytes: number } {
  return { objects: 0, bytes: 0 };
}

function wrongOrder({ from, to }: { readonly from: Stamp; readonly to: Stamp }): Failure {
  return new Failure('usage', `Cannot compare ${from} with ${to}: the first is the later one`, {
    hint: { kind: 'earlier-date-first' },
  });
}
