import { constants, inflateSync } from 'node:zlib';
import { Failure } from '../../system/failure.ts';

/**
 * A data record as its storage has written it. Wrappers of storages mark what they have changed with two
 * bytes; the first is pickle's STOP, with which no pickle begins.
 *
 * | mark | what follows it | written by |
 * | --- | --- | --- |
 * | none | the two pickles | ZODB |
 * | `.z` | the same, compressed by zlib | `zc.zlibstorage`, where this makes a record smaller |
 * | `.e` | encrypted | `cipher.encryptingstorage` |
 * | `.h` | in hexadecimal digits | `ZODB.tests.hexstorage` |
 */
export type StoredRecord =
  | { readonly kind: 'pickles'; readonly bytes: Uint8Array }
  /** Only who wrote it can read it. `mark`: its two bytes, as text. */
  | { readonly kind: 'wrapped'; readonly mark: string }
  /** It inflates to more than {@link LARGEST_INFLATED} bytes, or more has to be kept of it than is. */
  | { readonly kind: 'too-large' };

/** Bytes that a compressed record may come to: a few that were made up must not fill the memory. */
export const LARGEST_INFLATED = 1 << 29;

const FIRST_OF_MARK = 0x2e; // .
export const ZLIB_MARK = '.z';
export const MARK_BYTES = 2;
/** Compressed bytes that are looked at for a class: zlib makes at most 1032 times as many of them. */
const HEAD_BYTES = 1 << 10;

/** Undoes what a wrapper did that everybody can undo. Failure `damaged`: what zlib wrote is broken. */
export function unwrapRecord(data: Uint8Array): StoredRecord {
  if (data[0] !== FIRST_OF_MARK) return { kind: 'pickles', bytes: data };
  return unwrap(data, inflate);
}

/** The same for the first bytes of a record: gives the first bytes of its pickles. */
export function unwrapHead(head: Uint8Array): StoredRecord {
  if (head[0] !== FIRST_OF_MARK) return { kind: 'pickles', bytes: head };
  return unwrap(head, inflateHead);
}

function unwrap(
  data: Uint8Array,
  inflateIt: (compressed: Uint8Array) => Uint8Array | undefined,
): StoredRecord {
  const mark = markOf(data);
  if (mark === undefined) return { kind: 'pickles', bytes: data };
  if (mark !== ZLIB_MARK) return { kind: 'wrapped', mark };
  const bytes = inflateIt(data.subarray(MARK_BYTES));
  if (bytes === undefined) return { kind: 'too-large' };
  // What was compressed may have come from another wrapper.
  const inner = markOf(bytes);
  return inner === undefined || inner === ZLIB_MARK
    ? { kind: 'pickles', bytes }
    : { kind: 'wrapped', mark: inner };
}

/** The mark that a record begins with; undefined where no wrapper would begin so: then it is for the pickle's judge. */
export function markOf(data: Uint8Array): string | undefined {
  const [first, second = 0] = data;
  if (first !== FIRST_OF_MARK || second <= 0x20 || second >= 0x7f) return undefined;
  return String.fromCharCode(first, second);
}

function inflate(compressed: Uint8Array): Uint8Array | undefined {
  return inflating(() => inflateSync(compressed, { maxOutputLength: LARGEST_INFLATED }));
}

function inflateHead(compressed: Uint8Array): Uint8Array | undefined {
  const finishFlush = constants.Z_SYNC_FLUSH;
  return inflating(() => inflateSync(compressed.subarray(0, HEAD_BYTES), { finishFlush }));
}

function inflating(work: () => Uint8Array): Uint8Array | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw new Failure('damaged', `Cannot inflate the record: ${error.message}`, {
      hint: 'The object’s record is damaged.',
      cause: error,
    });
  }
}
