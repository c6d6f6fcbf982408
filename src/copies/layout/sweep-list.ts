import * as v from 'valibot';
import { encodeJsonRecord } from '../../stores/json-record.ts';
import { parseJson } from '../../system/parse-json.ts';
import { KeySchema } from './stored-object.ts';

const SweepListSchema = v.object({
  format: v.literal(1),
  /** When it was made, by the clock of the store. */
  at: v.pipe(v.string(), v.isoTimestamp()),
  keys: v.pipe(v.array(KeySchema), v.readonly()),
});

/** Objects of a storage that no record named at a moment: they go if none does later, either. */
export type SweepList = v.InferOutput<typeof SweepListSchema>;

/** Undefined where the text is none of ours, or of a later version. */
export function decodeSweepList(text: string): SweepList | undefined {
  return parseJson(text, SweepListSchema);
}

export function encodeSweepList(list: SweepList): Uint8Array {
  return encodeJsonRecord(list);
}
