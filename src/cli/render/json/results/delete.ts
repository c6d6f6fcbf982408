import * as v from 'valibot';
import { ofPoint } from '../point.ts';
import { maybe, Outcome, ofPlace, type Result, Stamp, said } from '../values.ts';

export const deleteResult = {
  outcome: Outcome,
  deletions: said(
    'what goes, or would',
    v.array(
      v.strictObject({
        ...ofPlace,
        ...ofPoint,
        what: v.picklist(['restore-point', 'blobs']),
        folder: said('with those backups', v.string()),
        reason: v.optional(v.string()),
        points: said(
          'restore points that go, oldest first: it, and those that need it',
          v.array(Stamp),
        ),
        fileNames: said('in the order in which they go', v.array(v.string())),
        dat: maybe('name of the `.dat` that loses its lines', v.string()),
        blobs: said('backups of blobs that stay for now', v.array(v.string())),
      }),
    ),
  ),
  removed: said(
    'what went',
    v.array(v.strictObject({ folder: v.string(), fileNames: v.array(v.string()) })),
  ),
};
export type DeleteResult = Result<typeof deleteResult>;
