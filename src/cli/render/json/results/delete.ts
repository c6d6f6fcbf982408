import * as v from 'valibot';
import { ofPoint } from '../point.ts';
import { maybe, Outcome, ofPlace, type Result, Stamp, said } from '../values.ts';

export const deleteResult = {
  outcome: Outcome,
  deletions: said(
    'what is deleted, or would be',
    v.array(
      v.strictObject({
        ...ofPlace,
        ...ofPoint,
        what: v.picklist(['restore-point', 'blobs']),
        folder: said('the folder with these backups', v.string()),
        reason: v.optional(v.string()),
        points: said(
          'the restore points to delete, oldest first: the named one, and those that need it',
          v.array(Stamp),
        ),
        fileNames: said('in the order in which they are deleted', v.array(v.string())),
        dat: maybe('name of the `.dat` that loses its lines', v.string()),
        blobs: said('backups of blobs that stay for now', v.array(v.string())),
      }),
    ),
  ),
  removed: said(
    'what was deleted',
    v.array(v.strictObject({ folder: v.string(), fileNames: v.array(v.string()) })),
  ),
};
export type DeleteResult = Result<typeof deleteResult>;
