import * as v from 'valibot';
import { momentOfStamp, type Stamp } from '../../../repository/layout/stamp.ts';
import { Bytes, Count, Id, Moment, maybe, Stamp as StampSchema } from './values.ts';

/** When a restore point is of: its name, and the moment of that. */
export const ofPoint = {
  stamp: StampSchema,
  time: maybe('absent for a name that no calendar has', Moment),
};

/** What a backup holds, and what it takes. */
export const sizesOfBackup = {
  fileName: v.optional(v.string()),
  sizeBytes: maybe('of the Data.fs, what this backup holds', Bytes),
  storedBytes: maybe('that it takes', Bytes),
  dataFsBytes: maybe('size of the Data.fs that a restore makes', Bytes),
  transactions: maybe('absent where repozo made it', Count),
  lastTid: maybe('of the last transaction', Id),
};

export function pointAsJson(stamp: Stamp): { stamp: string; time: string | undefined } {
  return { stamp, time: momentOfStamp(stamp)?.toISOString() };
}
