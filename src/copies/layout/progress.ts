import * as v from 'valibot';
import { parseJson } from '../../system/parse-json.ts';
import { arrayInLines, inPieces } from './listed-json.ts';
import { Count, StoredObjectSchema } from './stored-object.ts';

const BroughtObjectSchema = v.object({
  ...StoredObjectSchema.entries,
  /** What it holds, where it is in another form. */
  contentBytes: v.optional(Count),
});
export type BroughtObject = v.InferOutput<typeof BroughtObjectSchema>;

const ProgressSchema = v.object({
  format: v.literal(1),
  objects: v.array(BroughtObjectSchema),
});

/**
 * What a run has brought to a copy, before the record of its point: a run that is killed leaves it, and the next one
 * goes on from there. A reader ignores it.
 */
export interface Progress {
  readonly objects: readonly BroughtObject[];
}

/** Undefined where the text is none of ours, or of a later version. */
export function decodeProgress(text: string): Progress | undefined {
  return parseJson(text, ProgressSchema);
}

/** JSON with an object in each line, in pieces. */
export function encodeProgress(progress: Progress): Generator<Uint8Array> {
  return inPieces(textsOf(progress));
}

function* textsOf({ objects }: Progress): Generator<string> {
  yield '{"format":1,"objects":';
  yield* arrayInLines(objects);
  yield '}\n';
}
