import { OidIndex } from '../../src/filestorage/index/oid-index.ts';

/** Oid and position: what an index says about one object. */
export type IndexEntry = readonly [oid: bigint, position: number];

/** An index of these entries; of two for one oid the later counts. */
export function indexOf(entries: Iterable<IndexEntry>): OidIndex {
  const index = new OidIndex();
  for (const [oid, position] of entries) {
    index.set(Number(oid >> 16n), Number(oid & 0xffffn), position);
  }
  return index;
}

/** All entries of an index, in its order. */
export function entriesOf(index: OidIndex): readonly IndexEntry[] {
  return index
    .prefixes()
    .flatMap((prefix) =>
      Array.from(
        index.entriesOf(prefix),
        ([suffix, position]): IndexEntry => [(BigInt(prefix) << 16n) | BigInt(suffix), position],
      ),
    );
}
