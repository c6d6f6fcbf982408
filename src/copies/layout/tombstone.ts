import * as v from 'valibot';
import { encodeJsonRecord } from '../../stores/json-record.ts';
import { parseJson } from '../../system/parse-json.ts';
import { POINT_PARTS } from './keys.ts';
import { PLACE_KINDS } from './place.ts';
import { PointLinkSchema, StampSchema } from './point-record.ts';
import { Sha256 } from './stored-object.ts';

const TombstoneSchema = v.object({
  format: v.literal(1),
  tool: v.string(),
  /** Of the point: the same as in its record. */
  storage: v.string(),
  kind: v.picklist(PLACE_KINDS),
  stamp: StampSchema,
  sequence: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  part: v.picklist(POINT_PARTS),
  before: v.nullable(PointLinkSchema),
  /** Of the record that is gone: the next one names it. */
  sha256: Sha256,
  removedAt: v.string(),
  /** `keep`: newer ones took its place. */
  reason: v.picklist(['keep']),
});

/** What stays of a restore point that was removed, so that nobody can take one out unseen. Written before it goes. */
export type Tombstone = v.InferOutput<typeof TombstoneSchema>;

/** Undefined where the text is none of ours, or of a later version. */
export function decodeTombstone(text: string): Tombstone | undefined {
  return parseJson(text, TombstoneSchema);
}

export function encodeTombstone(tombstone: Tombstone): Uint8Array {
  return encodeJsonRecord(tombstone);
}
