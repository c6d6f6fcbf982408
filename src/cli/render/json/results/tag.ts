import * as v from 'valibot';
import { ofPoint } from '../point.ts';
import { ofPlace, type Result, said } from '../values.ts';

export const tagResult = {
  changed: said(
    'the restore points that have got the tag, or with `--remove` have lost it',
    v.array(v.strictObject({ ...ofPlace, ...ofPoint, tag: v.string() })),
  ),
};
export type TagResult = Result<typeof tagResult>;
