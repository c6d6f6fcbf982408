import * as v from 'valibot';
import type { JudgedRun } from '../../../../operations/inspect/judged-runs.ts';
import { VERBS } from '../../../format/record-words.ts';
import { describeBadPoint } from '../../judgements.ts';
import {
  Bytes,
  Count,
  Kind,
  Moment,
  maybe,
  ofSite,
  type Result,
  Seconds,
  Stamp,
  said,
} from '../values.ts';

const RunSchema = v.strictObject({
  ...ofSite,
  kind: said(
    'as in `--kind`; `all`: the run looked at all kinds',
    v.picklist([...Kind.options, 'all']),
  ),
  verb: said('what it did; `undo` swaps back a restore', v.picklist(Object.values(VERBS))),
  result: said(
    '`killed`: it began and never ended',
    v.picklist(['done', 'warnings', 'failed', 'interrupted', 'running', 'killed']),
  ),
  begun: Moment,
  seconds: said('0 for a run that has not ended', Seconds),
  storages: maybe('of a backup: the storages whose Data.fs it looked at', v.array(v.string())),
  sources: maybe(
    'of a backup: the Data.fs files or blob directories of these storages',
    v.array(v.string()),
  ),
  dataFs: maybe('of a restore: the Data.fs files that it put back', v.array(v.string())),
  points: maybe('of a restore: the restore point of each of these files', v.array(v.string())),
  made: maybe(
    'of a backup: the restore points that it made',
    v.array(v.strictObject({ storage: v.string(), stamp: Stamp })),
  ),
  readBytes: Bytes,
  storedBytes: said('of the data files that it wrote', Bytes),
  blobBytes: said('of the copies and archives that it made', Bytes),
  warningCount: Count,
  firstWarnings: maybe('in words', v.array(v.string())),
  error: maybe(
    'of a run that failed',
    v.strictObject({ code: v.string(), message: v.optional(v.string()) }),
  ),
  against: said(
    'faults that are known by now in the restore points that it made',
    v.array(v.string()),
  ),
});

export const historyResult = { runs: said('the newest first', v.array(RunSchema)) };
export type HistoryResult = Result<typeof historyResult>;

export function runAsJson({ run, against }: JudgedRun): v.InferOutput<typeof RunSchema> {
  const { part, of, verb, result, begun, seconds, readBytes, storedBytes, blobBytes, ...more } =
    run;
  const { storages, sources, dataFs, points, made, warnings, warned, code, message } = more;
  return {
    ...{ site: part, kind: of, verb: VERBS[verb], result, begun, seconds },
    ...{ storages, sources, dataFs, points, made, readBytes, storedBytes, blobBytes },
    warningCount: warnings,
    firstWarnings: warned,
    error: code === undefined ? undefined : { code, message },
    against: against.map(describeBadPoint),
  };
}
