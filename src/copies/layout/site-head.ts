import * as v from 'valibot';
import { encodeJsonRecord } from '../../stores/json-record.ts';
import { parseJson } from '../../system/parse-json.ts';
import { CopiedRunSchema } from './copied-run.ts';
import { PLACE_KINDS } from './place.ts';
import { StampSchema } from './point-record.ts';
import { Count, Sha256 } from './stored-object.ts';

export const SiteHeadSchema = v.object({
  format: v.literal(1),
  tool: v.string(),
  /** Name of the site in the copy. */
  site: v.string(),
  /** When the last run ended that found the copy complete, or made it so. */
  at: v.string(),
  /** Restore points of each place, and the newest of them. */
  places: v.pipe(
    v.array(
      v.object({
        storage: v.string(),
        kind: v.picklist(PLACE_KINDS),
        points: Count,
        newest: StampSchema,
      }),
    ),
    v.readonly(),
  ),
  /** Of the newest record: its number, and the sha256 of its bytes, where the run has seen them. */
  sequence: Count,
  sha256: v.optional(Sha256),
  /** Until when all that the newest chains need is locked, by the clock of the store. */
  lockedUntil: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  /** The last run of each kind that the site has logged, the newest last; absent: an earlier version wrote it. */
  runs: v.optional(v.pipe(v.array(CopiedRunSchema), v.readonly())),
  /** Of what a run had before it when nothing was left to bring, and nothing to remove. */
  settled: v.optional(Sha256),
});

/** `heads/SITE.json`: what a site has in a copy, for who looks at many. A restore and a backup never go by it. */
export type SiteHead = v.InferOutput<typeof SiteHeadSchema>;

/** Undefined where the text is none of ours, or of a later version. */
export function decodeSiteHead(text: string): SiteHead | undefined {
  return parseJson(text, SiteHeadSchema);
}

export function encodeSiteHead(head: SiteHead): Uint8Array {
  return encodeJsonRecord(head);
}
