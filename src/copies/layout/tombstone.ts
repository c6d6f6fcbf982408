import * as v from 'valibot';
import { encodeJsonRecord } from '../../stores/json-record.ts';
import { parseJson } from '../../system/parse-json.ts';
import { POINT_PARTS } from './keys.ts';
import { POINT_ENTRIES } from './point-record.ts';
import { Sha256 } from './stored-object.ts';

const TombstoneSchema = v.object({
  ...POINT_ENTRIES,
  part: v.picklist(POINT_PARTS),
  /** Of the record that is gone: the next one names it. */
  sha256: Sha256,
  removedAt: v.string(),
  /** `keep`: newer full backups took its place; `rules`: no rule kept it. */
  reason: v.picklist(['keep', 'rules']),
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
