import type { ObjectStore } from '../../stores/objects/object-store.ts';
import type { ShownFile } from '../../stores/shown/shown-file.ts';
import { Failure, isFailure } from '../../system/failure.ts';
import type { ByteRange, OpenedSource } from '../../system/files/byte-source.ts';
import { decodeMemberLengths } from '../../system/streams/gzip/member-lengths.ts';
import { collect } from '../../system/streams/pipeline.ts';
import type { StoredObjectRecord } from '../layout/stored-object.ts';
import { sha256Of } from '../store-object.ts';

/** A file that is an object of a copy, in whichever form it is stored. Failures while it is read: those of the store. */
export function storedFile(
  site: ObjectStore,
  {
    stored,
    sizeBytes = stored.sizeBytes,
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
  const refuseForm = () => {
    if (stored.form.length > 0) throw unknownForm(site.nameOf(stored.key), stored);
  };
  return {
    sizeBytes,
    modifiedMs,
    read: async function* (range) {
      refuseForm();
      yield* site.read(stored.key, range);
    },
    open: async () => {
      refuseForm();
      const source = objectSource(site, stored);
      return members === undefined
        ? source
        : { ...source, memberLengths: () => readLengths(site, { members, sizeBytes }) };
    },
  };
}

/**
 * The bytes of an object as they are stored, of which a record says how many there are: nothing is asked before the
 * first range. What a copy holds is never written over, so that all ranges are of one object.
 */
function objectSource(
  site: ObjectStore,
  { key, sizeBytes }: Pick<StoredObjectRecord, 'key' | 'sizeBytes'>,
): OpenedSource {
  const stream = ({ start, end }: ByteRange) =>
    start < end ? site.read(key, { start, end }) : nothing();
  const read = (range: ByteRange) => collect(stream(range));
  return {
    name: site.nameOf(key),
    sizeBytes,
    read,
    readInto: async (target, position) =>
      target.set(await read({ start: position, end: position + target.length })),
    stream,
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Undefined where they can't be used: whoever needs them finds them by himself. */
async function readLengths(
  site: ObjectStore,
  { members, sizeBytes }: { readonly members: StoredObjectRecord; readonly sizeBytes: number },
): Promise<readonly number[] | undefined> {
  try {
    const bytes = await collect(storedFile(site, { stored: members, modifiedMs: 0 }).read());
    return sha256Of(bytes) === members.sha256 ? decodeMemberLengths(bytes, sizeBytes) : undefined;
  } catch (error) {
    if (isFailure(error, 'not-found', 'damaged')) return undefined;
    throw error;
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function unknownForm(path: string, { form }: StoredObjectRecord): Failure {
  return new Failure('usage', `Cannot read "${path}": it is stored as ${form.join(', ')}`, {
    hint: 'Read it with the version that has written it, or a later one.',
  });
}
