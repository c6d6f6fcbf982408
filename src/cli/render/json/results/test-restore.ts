import * as v from 'valibot';
import { deepPoint } from '../findings.ts';
import { Count, Label, ofPlace, ofSite, type Result, Seconds, said } from '../values.ts';

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
        points: v.array(v.strictObject({ ...ofPlace, ...deepPoint })),
      }),
    ),
  ),
};
export type TestRestoreResult = Result<typeof testRestoreResult>;
