import * as v from 'valibot';
import type { LoggedTransaction } from '../../../../operations/inspect/transaction-log.ts';
import { Count, Id, Label, Moment, maybe, type Result, said } from '../values.ts';

const TransactionSchema = v.strictObject({
  site: v.optional(Label.site),
  storage: v.optional(Label.storage),
  kind: v.optional(Label.kind),
  dataFs: maybe('path of the Data.fs that was named, instead of the three above', v.string()),
  tid: Id,
  time: Moment,
  user: v.string(),
  description: v.string(),
  objects: said('objects that it wrote', Count),
  classes: said(
    'classes of these objects; an object that only points back to earlier data has none',
    v.array(v.strictObject({ name: v.string(), objects: Count })),
  ),
});

export const logResult = {
  transactions: said('grouped by storage, the newest first', v.array(TransactionSchema)),
};
export type LogResult = Result<typeof logResult>;

export type JsonTransaction = v.InferOutput<typeof TransactionSchema>;

export function transactionAsJson({
  classes,
  ...transaction
}: LoggedTransaction): Omit<JsonTransaction, 'site' | 'storage' | 'kind' | 'dataFs'> {
  const list = Object.entries(classes).map(([name, objects]) => ({ name, objects }));
  return { ...transaction, classes: list };
}
