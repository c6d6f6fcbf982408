import * as v from 'valibot';
import { encodeJsonRecord } from '../../stores/json-record.ts';
import { TAG_CHANGES } from './keys.ts';
import { PLACE_KINDS } from './place.ts';
import { StampSchema } from './point-record.ts';

const TagChangeSchema = v.object({
  format: v.literal(1),
  tool: v.string(),
  /** The same as in its key. */
  storage: v.string(),
  kind: v.picklist(PLACE_KINDS),
  stamp: StampSchema,
  tag: v.string(),
  number: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  change: v.picklist(TAG_CHANGES),
  /** When it came to the copy. */
  at: v.string(),
});

/** That a restore point got a tag, or lost it: the keys alone tell which tags there are. Written once. */
export type TagChange = v.InferOutput<typeof TagChangeSchema>;

export function encodeTagChange(change: TagChange): Uint8Array {
  return encodeJsonRecord(change);
}
