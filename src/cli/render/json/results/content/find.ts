import * as v from 'valibot';
import type { FoundObject } from '../../../../../operations/content/find-objects.ts';
import { summaryAsJson, summaryOfObject } from '../../content.ts';
import { Id, type Result, said } from '../../values.ts';

const FoundSchema = v.strictObject({ path: v.string(), oid: Id, ...summaryOfObject });

export const findResult = {
  objects: said('in the order of the folders', v.array(FoundSchema)),
};
export type FindResult = Result<typeof findResult>;

export function foundAsJson({
  path,
  oid,
  ...summary
}: FoundObject): v.InferOutput<typeof FoundSchema> {
  return { path, oid, ...summaryAsJson(summary) };
}
