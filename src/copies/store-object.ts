import { createHash } from 'node:crypto';
import {
  type ObjectStore,
  type PutOutcome,
  SMALL_OBJECT_BYTES,
} from '../stores/objects/object-store.ts';
import { Failure } from '../system/failure.ts';
import { collect, tap } from '../system/streams/pipeline.ts';
import type { StoredObjectRecord } from './layout/stored-object.ts';

/** What is to become an object of a copy. */
export interface ObjectContent {
  readonly key: string;
  /** The bytes, from their beginning, each time. */
  readonly read: () => AsyncIterable<Uint8Array>;
  readonly sizeBytes: number;
  /** In hex, where it is known: other bytes are failure `damaged`, and no object. */
  readonly sha256: string | undefined;
}

/** How objects are written. */
export interface Storing {
  readonly signal: AbortSignal;
  /** Is told of bytes as the store has taken them. */
  readonly onBytes: (count: number) => void;
  /** Is told of an object that is there already, as a killed run has left it. */
  readonly onFound: (key: string) => void;
  /** Called before a large object becomes visible: fails where this run may not write any more. */
  readonly confirm: () => Promise<void>;
  /** Called before a small one is written where nothing keeps it from being written over another. No request. */
  readonly requireTime: () => void;
}

/** Digits of a checksum that tell apart what would have one key. */
const SUFFIX_DIGITS = 16;

/** An object that was written, and what tells its key from the one that was asked for; undefined: nothing does. */
export interface StoredOnce extends StoredObjectRecord {
  readonly suffix: string | undefined;
}

/**
 * Writes an object, as it is, and never over another one: where the copy has other bytes under its key, its key gets a
 * suffix. What a killed run has written of the same bytes is taken as it is.
 */
export async function storeOnce(
  site: ObjectStore,
  object: ObjectContent,
  storing: Storing,
): Promise<StoredOnce> {
  const stored = await storeUnlessOther(site, object, storing);
  if (stored !== undefined) return { ...stored, suffix: undefined };
  const sha256 = object.sha256 ?? (await hashOf(object.read()));
  const suffix = sha256.slice(0, SUFFIX_DIGITS);
  const beside = { ...object, sha256, key: `${object.key}-${suffix}` };
  const written = await storeUnlessOther(site, beside, storing);
  if (written !== undefined) return { ...written, suffix };
  throw new Failure(
    'damaged',
    `Cannot use "${site.nameOf(beside.key)}": it has other bytes than its name says`,
    {
      hint: 'Somebody has changed it, or the store has lost data. Remove it, and copy again.',
    },
  );
}

/** Undefined where other bytes have the key. */
async function storeUnlessOther(
  site: ObjectStore,
  object: ObjectContent,
  storing: Storing,
): Promise<StoredObjectRecord | undefined> {
  const isSmall = object.sizeBytes <= SMALL_OBJECT_BYTES;
  const canRefuse = isSmall && site.conditions !== 'none';
  const there = canRefuse ? undefined : await site.look(object.key);
  if (there === undefined) {
    return isSmall
      ? await putUnlessOther(site, object, storing)
      : await upload(site, object, storing);
  }
  if (there.sizeBytes !== object.sizeBytes) return undefined;
  const sha256 = object.sha256 ?? (await hashOf(object.read()));
  return await takeIfSame(site, { ...object, sha256 }, storing);
}

/** What keeps to no condition was looked at before. */
async function putUnlessOther(
  site: ObjectStore,
  object: ObjectContent,
  storing: Storing,
): Promise<StoredObjectRecord | undefined> {
  storing.signal.throwIfAborted();
  const bytes = await collect(object.read());
  const sha256 = sha256Of(bytes);
  if (bytes.length !== object.sizeBytes || (object.sha256 ?? sha256) !== sha256) {
    throw otherContent(site, object);
  }
  const outcome = await putIfAbsent(site, { key: object.key, bytes, storing });
  if (outcome.kind === 'refused') return await takeIfSame(site, { ...object, sha256 }, storing);
  storing.onBytes(bytes.length);
  return recordOf(object, sha256);
}

/** Puts a small object; where the store keeps to no condition, somebody has looked whether its key is free. */
export async function putIfAbsent(
  site: ObjectStore,
  {
    key,
    bytes,
    storing,
  }: { readonly key: string; readonly bytes: Uint8Array; readonly storing: Storing },
): Promise<PutOutcome> {
  if (site.conditions !== 'none') return await site.put(key, bytes, { kind: 'absent' });
  storing.requireTime();
  return await site.put(key, bytes);
}

/** A killed run wrote it, as a rule; it is read, since nobody has written down what it is. */
async function takeIfSame(
  site: ObjectStore,
  object: ObjectContent & { readonly sha256: string },
  { signal, onBytes, onFound }: Storing,
): Promise<StoredObjectRecord | undefined> {
  signal.throwIfAborted();
  if ((await hashOf(site.read(object.key))) !== object.sha256) return undefined;
  onFound(object.key);
  onBytes(object.sizeBytes);
  return recordOf(object, object.sha256);
}

async function upload(
  site: ObjectStore,
  object: ObjectContent,
  { signal, onBytes, confirm }: Storing,
): Promise<StoredObjectRecord> {
  const { key, sizeBytes, sha256 } = object;
  const hash = createHash('sha256');
  // The store compares what is known.
  const bytes =
    sha256 === undefined ? tap(object.read(), (chunk) => hash.update(chunk)) : object.read();
  const known = sha256 === undefined ? {} : { sha256 };
  const content = confirmedAtEnd(bytes, confirm);
  await site.upload(key, content, { sizeBytes, ...known, signal, onBytes });
  return recordOf(object, sha256 ?? hash.digest('hex'));
}

/** Fails at the end of the content where this run may not write any more. */
export async function* confirmedAtEnd(
  content: AsyncIterable<Uint8Array>,
  confirm: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  yield* content;
  await confirm();
}

function recordOf({ key, sizeBytes }: ObjectContent, sha256: string): StoredObjectRecord {
  return { key, form: [], sizeBytes, sha256 };
}

/** The sha256 of bytes that come one after the other, in hex. */
export async function hashOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk);
  return hash.digest('hex');
}

/** The same of a piece. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The failure for an original that isn't what was written. */
export function otherContent(site: ObjectStore, { key }: Pick<ObjectContent, 'key'>): Failure {
  return new Failure(
    'damaged',
    `Cannot copy to "${site.nameOf(key)}": the original has other bytes than its record says`,
    { hint: 'Verify the backups: what was written has changed, or the disk is failing.' },
  );
}
