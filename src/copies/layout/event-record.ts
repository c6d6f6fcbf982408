import * as v from 'valibot';
import { CheckSchema } from '../../repository/records/check-results.ts';
import { encodeJsonRecord } from '../../stores/json-record.ts';
import { parseJson } from '../../system/parse-json.ts';
import { CopiedRunSchema } from './copied-run.ts';

const EventSchema = v.object({
  format: v.literal(1),
  tool: v.string(),
  /** When it was written. */
  at: v.string(),
  /** What looks have found out about restore points of the place, in the order in which they were written down. */
  checks: v.pipe(v.array(CheckSchema), v.readonly()),
  /** Runs of the site that have ended, the oldest first; absent: none, or an earlier version wrote it. */
  runs: v.optional(v.pipe(v.array(CopiedRunSchema), v.readonly())),
});

/**
 * What somebody has found out about restore points, be they copies or what they were made of, and what the site has run.
 * Written once: a later event says what has become of an earlier one. Where there are many, one takes the place of all.
 */
export type CopyEvent = v.InferOutput<typeof EventSchema>;

/** Undefined where the text is none of ours, or of a later version. */
export function decodeEvent(text: string): CopyEvent | undefined {
  return parseJson(text, EventSchema);
}

export function encodeEvent(event: CopyEvent): Uint8Array {
  return encodeJsonRecord(event);
}
