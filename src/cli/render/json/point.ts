import * as v from 'valibot';
import { momentOfStamp, type Stamp } from '../../../repository/layout/stamp.ts';
import { type Cut, wordsOfCut } from '../../../repository/moment/cut.ts';
import { Bytes, Count, Id, Moment, maybe, Stamp as StampSchema } from './values.ts';

/** When a restore point is of: its name, and the moment of that. */
export const ofPoint = {
  stamp: StampSchema,
  time: maybe('absent if the name is not a date of the calendar', Moment),
};

/** The same of what may end within a backup. */
export const ofState = {
  ...ofPoint,
  moment: maybe(
    'the last transaction, where the state ends within that backup',
    v.strictObject({ tid: Id, time: Moment, user: v.string(), description: v.string() }),
  ),
};

/** What a backup holds, and what it takes. */
export const sizesOfBackup = {
  fileName: v.optional(v.string()),
  sizeBytes: maybe('bytes of the Data.fs that this backup contains', Bytes),
  storedBytes: maybe('space that it takes on the disk', Bytes),
  dataFsBytes: maybe('size of the Data.fs that a restore makes', Bytes),
  transactions: maybe('absent if repozo made it', Count),
  lastTid: maybe('of the last transaction', Id),
};

export function stateAsJson(stamp: Stamp, cut: Cut | undefined) {
  return { ...pointAsJson(stamp), moment: cut && wordsOfCut(cut) };
}

export function pointAsJson(stamp: Stamp): { stamp: string; time: string | undefined } {
  return { stamp, time: momentOfStamp(stamp)?.toISOString() };
}
