/**
 * The layout of a Data.fs, the file of ZODB's FileStorage. Integers are big-endian and unsigned.
 *
 * ```
 * file         = magic transaction*
 * magic        = "FS21" | "FS30"
 * transaction  = header user description extension record* lengthAgain
 * ```
 *
 * | transaction header | width | |
 * | --- | --- | --- |
 * | tid | 8 | |
 * | length | 8 | from the header's start to lengthAgain, which it excludes |
 * | status | 1 | {@link TransactionStatus} |
 * | user, description, extension lengths | 2 each | |
 *
 * | record header | width | |
 * | --- | --- | --- |
 * | oid | 8 | |
 * | tid | 8 | the transaction's |
 * | prev | 8 | position of the object's previous record, or 0 |
 * | tloc | 8 | position of the transaction that holds the record |
 * | vlen | 2 | 0 |
 * | plen | 8 | length of the data; 0: a back pointer of 8 bytes follows instead |
 */

export const MAGIC_BYTES = 4;
export const TRANSACTION_HEADER_BYTES = 23;
/** Behind a transaction's tid, length and status. */
export const TRANSACTION_STATUS_END = 17;
export const RECORD_HEADER_BYTES = 42;
export const BACK_POINTER_BYTES = 8;
/** Width of the length that is repeated behind a transaction. */
export const LENGTH_AGAIN_BYTES = 8;

/** The formats of a Data.fs: written by Python 2 (`FS21`) or Python 3 (`FS30`). */
export type Magic = 'FS21' | 'FS30';

/**
 * `' '` done; `'p'` done, and kept by a pack; `'c'` voted, not finished; `'u'` undone, by old
 * versions of ZODB: its records don't count.
 */
export type TransactionStatus = ' ' | 'p' | 'c' | 'u';

/** `module.name` of the class whose records have a file in the blob directory. */
export const BLOB_CLASS_NAME = 'ZODB.blob.Blob';

/** Largest position that the index can hold (6 bytes): 256 TiB less one. */
export const MAXIMUM_POSITION = 2 ** 48 - 1;
