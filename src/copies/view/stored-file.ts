import type { ObjectReader } from '../../stores/objects/object-store.ts';
import type { ShownFile } from '../../stores/shown/shown-file.ts';
import { isFailure } from '../../system/failure.ts';
import type { ByteRange, OpenedSource } from '../../system/files/byte-source.ts';
import { decodeMemberLengths } from '../../system/streams/gzip/member-lengths.ts';
import { collect, collectInto } from '../../system/streams/pipeline.ts';
import type { Codec } from '../codec.ts';
import type { StoredObjectRecord } from '../layout/stored-object.ts';
import { sha256Of } from '../store-object.ts';

/** How large an object is; undefined: it isn't there. Where nobody has looked: as the record says. */
export type SizeOfStored = (stored: StoredObjectRecord) => number | undefined;

/** Where objects are, and what reads their forms. */
export interface ReadableObjects {
  readonly site: ObjectReader;
  readonly codec: Codec;
}

/**
 * A file that is an object of a copy, in whichever form it is stored. Failures while it is read: those of the store, and
 * of {@link Codec}.
 */
export function storedFile(
  objects: ReadableObjects,
  {
    stored,
    sizeBytes: contentBytes,
    members,
    modifiedMs,
  }: {
    readonly stored: StoredObjectRecord;
    /** Of the file, where that isn't the size of the object. */
    readonly sizeBytes?: number | undefined;
    /** Where it is noted how long its members are; undefined: nowhere. */
    readonly members?: StoredObjectRecord | undefined;
    readonly modifiedMs: number;
  },
): ShownFile {
  const { site, codec } = objects;
  const { form } = stored;
  const sizeBytes = contentBytes ?? stored.sizeBytes;
  const bytes = { form, sizeBytes: stored.sizeBytes, name: site.nameOf(stored.key) };
  const open = async () => {
    const object = objectSource(site, stored);
    if (form.length === 0) return object;
    const decoded = () => codec.open(object, bytes);
    if (contentBytes === undefined) return await decoded();
    const whole = () => codec.decode(site.read(stored.key), bytes);
    return decodedSource({ name: object.name, sizeBytes, decoded, whole });
  };
  return {
    sizeBytes,
    modifiedMs,
    read: async function* (range) {
      if (form.length === 0) yield* site.read(stored.key, range);
      else if (range === undefined) yield* codec.decode(site.read(stored.key), bytes);
      else {
        await using source = await open();
        yield* source.stream(range);
      }
    },
    open: async () => {
      const source = await open();
      return members === undefined
        ? source
        : { ...source, memberLengths: () => readLengths(objects, { members, sizeBytes }) };
    },
  };
}

/**
 * The bytes of an object as they are stored, of which a record says how many there are: nothing is asked before the
 * first range. What a copy holds is never written over, so that all ranges are of one object.
 */
function objectSource(
  site: ObjectReader,
  { key, sizeBytes }: Pick<StoredObjectRecord, 'key' | 'sizeBytes'>,
): OpenedSource {
  const stream = ({ start, end }: ByteRange) =>
    start < end ? site.read(key, { start, end }) : nothing();
  return {
    name: site.nameOf(key),
    sizeBytes,
    isDistant: true,
    read: (range) => collect(stream(range)),
    readInto: (target, position) =>
      collectInto(target, stream({ start: position, end: position + target.length })),
    stream,
    [Symbol.asyncDispose]: async () => {},
  };
}

/**
 * The content of an object in another form. All of it is one request; before the first range of it, one or two more
 * tell where its parts are.
 */
function decodedSource({
  name,
  sizeBytes,
  decoded,
  whole,
}: Pick<OpenedSource, 'name' | 'sizeBytes'> & {
  /** Opens it for reading at random. */
  readonly decoded: () => Promise<OpenedSource>;
  readonly whole: () => AsyncIterable<Uint8Array>;
}): OpenedSource {
  let opening: Promise<OpenedSource> | undefined;
  const open = () => {
    opening ??= decoded();
    return opening;
  };
  return {
    name,
    sizeBytes,
    isDistant: true,
    read: async (range) => (await open()).read(range),
    readInto: async (target, position) => (await open()).readInto(target, position),
    stream: async function* (range) {
      const isWhole = range.start === 0 && range.end === sizeBytes;
      yield* isWhole ? whole() : (await open()).stream(range);
    },
    [Symbol.asyncDispose]: async () => {
      const opened = await opening?.catch(() => undefined);
      await opened?.[Symbol.asyncDispose]();
    },
  };
}

/** Undefined where they can't be used: whoever needs them finds them by himself. */
async function readLengths(
  objects: ReadableObjects,
  { members, sizeBytes }: { readonly members: StoredObjectRecord; readonly sizeBytes: number },
): Promise<readonly number[] | undefined> {
  try {
    const bytes = await collect(storedFile(objects, { stored: members, modifiedMs: 0 }).read());
    return sha256Of(bytes) === members.sha256 ? decodeMemberLengths(bytes, sizeBytes) : undefined;
  } catch (error) {
    if (isFailure(error, 'not-found', 'damaged')) return undefined;
    throw error;
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
