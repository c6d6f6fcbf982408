import { createHash, randomBytes } from 'node:crypto';
import { type ObjectStore, SMALL_OBJECT_BYTES } from '../stores/objects/object-store.ts';
import { Failure } from '../system/failure.ts';
import { collect, tap } from '../system/streams/pipeline.ts';
import { endingOf, type StoredForm } from './layout/stored-form.ts';
import type { StoredObjectRecord } from './layout/stored-object.ts';
import {
  confirmedAtEnd,
  type ObjectContent,
  otherContent,
  putIfAbsent,
  type StoredOnce,
  type Storing,
  sha256Of,
} from './store-object.ts';

/** What is done to the bytes of an object before they are stored. */
export interface Encoding {
  readonly form: StoredForm;
  /** The stored bytes of a content: others each time, where the form is closed to others. */
  readonly encode: (content: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
}

/** Content that is written at once: in any form, it has room in an object that is put. */
const SMALL_BYTES = SMALL_OBJECT_BYTES / 2;
const SUFFIX_BYTES = 8;

/**
 * Writes an object in another form, and never over another one. What a killed run has written of the same content can't
 * be told from anything else: then the key gets a suffix, and what nobody names goes some day.
 */
export async function storeEncoded(
  site: ObjectStore,
  object: ObjectContent,
  { encoding, storing }: { readonly encoding: Encoding; readonly storing: Storing },
): Promise<StoredOnce> {
  const ending = endingOf(encoding.form);
  const storeAs = (key: string) =>
    storeUnlessTaken(site, { ...object, key }, { encoding, storing });
  const stored = await storeAs(object.key + ending);
  if (stored !== undefined) return { ...stored, suffix: undefined };
  const suffix = randomBytes(SUFFIX_BYTES).toString('hex');
  const beside = await storeAs(`${object.key}-${suffix}${ending}`);
  if (beside !== undefined) return { ...beside, suffix };
  throw new Failure('system', `Cannot write "${site.nameOf(object.key)}": each name is taken`, {
    hint: 'The store says of objects that were never written that they are there. Look at the store.',
  });
}

/** Undefined where something has the key. */
async function storeUnlessTaken(
  site: ObjectStore,
  object: ObjectContent,
  { encoding, storing }: { readonly encoding: Encoding; readonly storing: Storing },
): Promise<StoredObjectRecord | undefined> {
  const { signal, onBytes, confirm } = storing;
  const { key } = object;
  const { form, encode } = encoding;
  signal.throwIfAborted();
  const encoded = encode(proven(site, object));
  const isSmall = object.sizeBytes <= SMALL_BYTES;
  const canRefuse = isSmall && site.conditions !== 'none';
  if (!canRefuse && (await site.look(key)) !== undefined) return undefined;
  if (isSmall) {
    const bytes = await collect(encoded);
    const outcome = await putIfAbsent(site, { key, bytes, storing });
    if (outcome.kind === 'refused') return undefined;
    onBytes(bytes.length);
    return { key, form, sizeBytes: bytes.length, sha256: sha256Of(bytes) };
  }
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const counted = tap(encoded, (chunk) => {
    hash.update(chunk);
    sizeBytes += chunk.length;
  });
  await site.upload(key, confirmedAtEnd(counted, confirm), { signal, onBytes });
  return { key, form, sizeBytes, sha256: hash.digest('hex') };
}

/** The content; at its end a failure where it isn't what was written. */
async function* proven(site: ObjectStore, object: ObjectContent): AsyncGenerator<Uint8Array> {
  const hash = object.sha256 === undefined ? undefined : createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of object.read()) {
    hash?.update(chunk);
    sizeBytes += chunk.length;
    yield chunk;
  }
  const isSame = sizeBytes === object.sizeBytes && hash?.digest('hex') === object.sha256;
  if (!isSame) throw otherContent(site, object);
}
