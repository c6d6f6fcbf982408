import { Failure } from '../system/failure.ts';
import { type JsonSchema, parseJson } from '../system/parse-json.ts';
import { collectSmall } from '../system/streams/pipeline.ts';
import type { Store } from './store.ts';

/**
 * What a small JSON file of a store says: nothing there, no file in its place (a folder, a pipe), something that this
 * version can't read (none of ours, of a later version, too large), or its content.
 */
export type JsonRecord<T> =
  | { readonly kind: 'absent' }
  | { readonly kind: 'no-file' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'read'; readonly value: T };

/** Reads one, of a store or of a tree in it. Failures: those of these, but for what {@link JsonRecord} tells. */
export async function readJsonRecord<T>(
  store: Pick<Store, 'read'>,
  name: string,
  schema: JsonSchema<T>,
): Promise<JsonRecord<T>> {
  try {
    const value = parseJson((await collectSmall(store.read(name))).toString(), schema);
    return value === undefined ? { kind: 'unreadable' } : { kind: 'read', value };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === 'not-found') return { kind: 'absent' };
    if (error.code === 'usage') return { kind: 'no-file' };
    if (error.code === 'damaged') return { kind: 'unreadable' };
    throw error;
  }
}

/** Writes one in a single step, in place of what has the name. The caller holds the lock. */
export async function writeJsonRecord(store: Store, name: string, value: object): Promise<void> {
  await using file = await store.stage(name, [encodeJsonRecord(value)]);
  await file.publish();
}

export function encodeJsonRecord(value: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, undefined, 1)}\n`);
}
