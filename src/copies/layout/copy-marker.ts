import * as v from 'valibot';
import { encodeJsonRecord } from '../../stores/json-record.ts';
import { parseJson } from '../../system/parse-json.ts';

const CopyMarkerSchema = v.object({
  /** Grows when a reader of the older form would go wrong. */
  format: v.literal(1),
  tool: v.string(),
});

/** `zodbvault.json`: says that a place holds copies, and in which form. Written by the first run that copies there. */
export type CopyMarker = v.InferOutput<typeof CopyMarkerSchema>;

/** Undefined where the text is none of ours, or of a later version. */
export function decodeCopyMarker(text: string): CopyMarker | undefined {
  return parseJson(text, CopyMarkerSchema);
}

export function encodeCopyMarker(marker: CopyMarker): Uint8Array {
  return encodeJsonRecord(marker);
}
