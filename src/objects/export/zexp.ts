import type { Oid } from '../../filestorage/oid.ts';

/**
 * A `.zexp` file, as `ZODB.ExportImport` reads it:
 *
 * | bytes | |
 * | --- | --- |
 * | 4 | `ZEXP` |
 * | for each object | its oid (8), the length of its pickles (8), both big-endian; its pickles |
 * | behind those of a blob | `\0BLOBSTART`, the length of its bytes (8), its bytes |
 * | 16 | all bits set |
 *
 * The object that is exported comes first. An importer gives a new oid to each oid as it meets the first reference to
 * it, so that each of the others has to stand behind an object that refers to it.
 */
export const ZEXP_MAGIC = Buffer.from('ZEXP', 'latin1');
export const ZEXP_END = Buffer.alloc(16, 0xff);
const BLOB_MARK = Buffer.from('\0BLOBSTART', 'latin1');

export function encodeObjectHead(oid: Oid, pickleBytes: number): Uint8Array {
  const head = Buffer.alloc(16);
  head.writeBigUInt64BE(oid, 0);
  head.writeBigUInt64BE(BigInt(pickleBytes), 8);
  return head;
}

export function encodeBlobHead(sizeBytes: number): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(sizeBytes));
  return Buffer.concat([BLOB_MARK, length]);
}
