import type { RemovalReason } from '../../operations/run/removal-reason.ts';
import { momentOfStamp, type Stamp } from '../../repository/layout/stamp.ts';
import type { HeldBy, StayReason } from '../../repository/retention/retention-point.ts';
import type { Period } from '../../system/calendar/period.ts';
import { formatSpan } from '../../system/calendar/span.ts';
import { oneLine } from '../format/one-line.ts';
import type { Table } from '../format/table.ts';
import { count, formatBytes, formatLocalTime } from '../format/units.ts';
import { describeRemoval } from './removals.ts';

const PERIOD_WORDS: Readonly<Record<Period, string>> = {
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
  yearly: 'year',
};

/** Why a restore point stays. */
export function describeStay(reason: StayReason): string {
  switch (reason.kind) {
    case 'held':
      return describeHeld(reason.by);
    case 'newest':
      return 'the newest';
    case 'verified':
      return 'the newest that a deep verification found good';
    case 'tagged':
      return `tagged ${reason.tags.map(oneLine).join(', ')}`;
    case 'within':
      return `within ${formatSpan(reason.span)}`;
    case 'daily':
    case 'weekly':
    case 'monthly':
    case 'yearly':
      return `newest of the ${PERIOD_WORDS[reason.kind]} ${reason.of}`;
    case 'undated':
      return 'its date is not known';
    case 'together':
      return `a restore of the site to ${reason.with} takes it`;
    case 'needed':
      return `${reason.by} needs it`;
    default:
      return reason satisfies never;
  }
}

function describeHeld(by: HeldBy): string {
  switch (by.kind) {
    case 'keeps-all':
      return 'no rule says that anything goes';
    case 'full-backups':
      return `keep = ${by.keep}`;
    case 'unread':
      return `"${by.fileName}" cannot be read`;
    case 'source-faults':
      return 'the newest full backup was made of a damaged or incomplete Data.fs';
    case 'lost-blobs':
      return 'the live blob directory has lost blobs that an older backup has';
    case 'other-database':
      return 'it is, or may be, of another database';
    case 'before-uncertain':
      return 'a newer one may lack something that it has';
    default:
      return by satisfies never;
  }
}

/** A restore point of a site, or of a copy, and what becomes of it. */
export interface ShownPoint {
  readonly stamp: Stamp;
  /** As in `full`. */
  readonly type: string;
  readonly reasons: readonly StayReason[];
  /** Undefined: it stays. */
  readonly removal: RemovalReason | undefined;
  readonly bytes: number;
}

/** Which restore points would stay, and why. */
export function tableOfPlan(points: readonly ShownPoint[]): Table {
  const rows = function* () {
    for (const { stamp, type, reasons, removal, bytes } of points) {
      const moment = momentOfStamp(stamp);
      yield [
        moment === undefined ? '?' : formatLocalTime(moment),
        stamp,
        type,
        removal === undefined ? 'stays' : 'goes',
        formatBytes(bytes),
        removal === undefined ? reasons.map(describeStay).join('; ') : describeRemoval(removal),
      ];
    }
  };
  return {
    head: ['Local time', 'Date (UTC)', 'Backup', 'Verdict', 'Frees', 'Why'],
    alignment: ['left', 'left', 'left', 'left', 'right', 'left'],
    rows: rows(),
  };
}

/** How many would, and what that frees. */
export function describeTotals(
  points: readonly Pick<ShownPoint, 'removal'>[],
  freedBytes: number,
): string {
  const going = points.filter(({ removal }) => removal !== undefined).length;
  const stay = count(points.length - going, 'restore point');
  return `${stay} would stay, ${going} would go, which frees ${formatBytes(freedBytes)}`;
}
