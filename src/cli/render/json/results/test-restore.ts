import * as v from 'valibot';
import type { LiveComparison } from '../../../../operations/verify/compare-with-live.ts';
import { deepPoint } from '../findings.ts';
import {
  Bytes,
  Count,
  Label,
  maybe,
  ofPlace,
  ofSite,
  type Result,
  Seconds,
  said,
} from '../values.ts';

const comparedWithLive = {
  live: maybe(
    'with `--against-live`: `same`: the live Data.fs begins with the same bytes; `differs`: it has another byte; `other`: it was packed since, or something else was restored',
    v.picklist(['same', 'differs', 'other']),
  ),
  differsAt: maybe('position of the first other byte', Bytes),
};

export function liveAsJson(live: LiveComparison | undefined) {
  return {
    live: live?.kind,
    differsAt: live?.kind === 'differs' ? live.position : undefined,
  };
}

export const testRestoreResult = {
  problems: said('how many', Count),
  restores: said(
    'one for each site',
    v.array(
      v.strictObject({
        ...ofSite,
        kind: Label.kind,
        restoreSeconds: said('time that the restore took', Seconds),
        verifySeconds: said('time that the verification of the restored files took', Seconds),
        points: v.array(v.strictObject({ ...ofPlace, ...deepPoint, ...comparedWithLive })),
      }),
    ),
  ),
};
export type TestRestoreResult = Result<typeof testRestoreResult>;
