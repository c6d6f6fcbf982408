import { type PointingRecord, PointingRecords } from '../../filestorage/audit/pointing-records.ts';
import { classNameOf } from '../../filestorage/class-name.ts';
import { OidIndex } from '../../filestorage/index/oid-index.ts';
import { formatTidTime, type Tid } from '../../filestorage/tid.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { Cut } from '../../repository/moment/cut.ts';
import { cutOf } from '../../repository/restore-point.ts';
import type { RestoreTarget } from '../../repository/restore-target.ts';
import { eachInTurn } from '../../system/streams/cooperative.ts';
import type { JobContext } from '../run/events.ts';
import { openPoint } from '../run/open-point.ts';
import { scanPoint } from './scan-point.ts';

/** The current objects of one class. */
export interface ClassContents {
  /** `module.name`. */
  readonly name: string;
  readonly objects: number;
  /** Bytes of their records, as they are stored. */
  readonly bytes: number;
}

/** What is in a restore point. */
export interface PointContents {
  readonly stamp: Stamp;
  /** Where it ends within that backup. */
  readonly cut: Cut | undefined;
  readonly dataFsBytes: number;
  readonly transactions: number;
  readonly records: number;
  /** ISO 8601, UTC; undefined where there is no transaction. */
  readonly firstTime: string | undefined;
  readonly lastTime: string | undefined;
  /** Objects as they are at this point; the rest of the file is their history. */
  readonly objects: number;
  readonly objectBytes: number;
  /** The largest first. */
  readonly classes: readonly ClassContents[];
}

/**
 * Reads a restore point where it lies, in two passes: which records are current, then whose they are.
 * Memory: 6 bytes for each object, 26 for each record that points back. Failures: `not-found`, `damaged`.
 */
export async function readPointContents(
  repository: string,
  { target, context }: { readonly target: RestoreTarget; readonly context: JobContext },
): Promise<PointContents> {
  const opened = await openPoint(repository, {
    target,
    aim: 'show what is in',
    backups: context.backups,
  });
  const index = new OidIndex();
  const pointing = new PointingRecords();
  let first: Tid | undefined;
  let last: Tid | undefined;
  const counts = await scanPoint(opened, {
    visitor: {
      transaction: ({ header, records }) => {
        first ??= header.tid;
        last = header.tid;
        pointing.apply(records);
        index.apply(records);
      },
    },
    context,
  });
  const pointedAt = new Map<number, number>();
  const countPointed = ({ oidHigh, oidLow, position, dataPosition }: PointingRecord) => {
    if (dataPosition === 0 || index.at(oidHigh, oidLow) !== position) return;
    pointedAt.set(dataPosition, (pointedAt.get(dataPosition) ?? 0) + 1);
  };
  await eachInTurn(pointing, countPointed, context.signal);
  const classes = new Map<string, { objects: number; bytes: number }>();
  await scanPoint(opened, {
    visitor: {
      head: (head, { position, row, records }) => {
        const isCurrent = index.at(records.oidHigh(row), records.oidLow(row)) === position;
        const times = Number(isCurrent) + (pointedAt.get(position) ?? 0);
        if (times === 0) return;
        const name = classNameOf(head);
        const sum = classes.get(name) ?? { objects: 0, bytes: 0 };
        sum.objects += times;
        sum.bytes += times * records.pickleLength(row);
        classes.set(name, sum);
      },
    },
    context,
  });
  const list = [...classes].map(([name, sum]) => ({ name, ...sum }));
  return {
    stamp: opened.point.stamp,
    cut: cutOf(opened.point),
    dataFsBytes: counts.end,
    transactions: counts.transactions,
    records: counts.records,
    firstTime: first === undefined ? undefined : formatTidTime(first),
    lastTime: last === undefined ? undefined : formatTidTime(last),
    objects: list.reduce((sum, { objects }) => sum + objects, 0),
    objectBytes: list.reduce((sum, { bytes }) => sum + bytes, 0),
    classes: list.sort((a, b) => b.bytes - a.bytes),
  };
}
