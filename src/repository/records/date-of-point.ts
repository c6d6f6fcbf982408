import type { BackupRecord } from '../layout/backup-record.ts';
import { momentOfStamp, type Stamp } from '../layout/stamp.ts';

/**
 * When a restore point was made, by the clock of its run. The stamp may be ahead of that: where the clock was set back,
 * and where two backups fell into one second. Undefined where there is no record, and no calendar has the stamp.
 */
export function dateOfPoint(
  stamp: Stamp,
  record: Pick<BackupRecord, 'madeAt'> | undefined,
): Date | undefined {
  const date = new Date(record?.madeAt ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? momentOfStamp(stamp) : date;
}
