import { DigestSum } from '../filestorage/fingerprint/digest-sum.ts';
import type { Fingerprint } from '../filestorage/fingerprint/fingerprint.ts';
import {
  beginDigest,
  digestOf,
  nameOfObject,
  nameOfRecord,
} from '../filestorage/fingerprint/object-digest.ts';
import { MAGIC_BYTES } from '../filestorage/format.ts';
import { ROOT_OID } from '../filestorage/oid.ts';
import { dataOf, readStoredRecord } from '../filestorage/records/read-record.ts';
import { POINTS_BACK, UNCREATED } from '../filestorage/records/record-rows.ts';
import { SortedRecords } from '../filestorage/records/sorted-records.ts';
import { scanTransactions } from '../filestorage/scan-transactions.ts';
import { ZERO_TID } from '../filestorage/tid.ts';
import type { LogPart } from '../repository/content/open-log.ts';
import type { ByteSource } from '../system/files/byte-source.ts';
import { giveWay } from '../system/streams/cooperative.ts';
import { type RecordsOfState, readRecords } from './read-records.ts';

/**
 * The fingerprint of the state with which a log ends, in one pass over its bytes. Data is taken as it is stored, from
 * where back pointers lead. Memory: that of a state, and 8 bytes for each object. Failure `damaged`.
 */
export async function fingerprintOf(
  log: ByteSource & { readonly parts?: readonly LogPart[] },
  { onBytes }: { readonly onBytes: (count: number) => void },
): Promise<Fingerprint> {
  const state = await readRecords(log, { upTo: undefined, onBytes: () => {} });
  const sum = new DigestSum();
  const isCurrent = inOrder(await addPointing(log, state, sum));
  let packed = ZERO_TID;
  await scanTransactions(
    { ...log, sizeBytes: state.sizeBytes },
    {
      from: MAGIC_BYTES,
      visitor: {
        pickle: (pickle, record) => {
          if (isCurrent(record.position)) sum.add(digestOf(nameOfRecord(record), pickle));
        },
        largePickle: (record) => {
          if (!isCurrent(record.position)) return { take: () => {}, end: () => {} };
          const hash = beginDigest(nameOfRecord(record));
          return {
            take: (piece) => void hash.update(piece),
            end: () => sum.add(hash.digest('binary')),
          };
        },
        transaction: ({ header }) => {
          if (header.status === 'p') packed = header.tid;
        },
      },
      onBytes,
    },
  );
  return { sum: sum.hex(), objects: sum.count, tid: state.tid, packed };
}

/**
 * Adds the current objects of which the record points back to its data, as that has passed when the record comes.
 * Returns where those of the others stand.
 */
async function addPointing(
  log: ByteSource,
  { records: { rows }, sizeBytes }: RecordsOfState,
  sum: DigestSum,
): Promise<Float64Array> {
  const sorted = new SortedRecords(rows);
  const positions = new Float64Array(rows.count);
  let count = 0;
  for (const row of sorted.lastOfEach(sizeBytes, ROOT_OID)) {
    if (sorted.length(row) === UNCREATED) continue;
    if (sorted.length(row) !== POINTS_BACK) {
      positions[count++] = sorted.position(row);
      continue;
    }
    await giveWay();
    const oid = sorted.oid(row);
    const { tid, content } = await readStoredRecord(log, { oid, position: sorted.position(row) });
    const data = await dataOf(log, { oid, content });
    if (data !== undefined) sum.add(digestOf(nameOfObject(oid, tid), data));
  }
  return positions.subarray(0, count).sort();
}

/** Whether a position is among some. It is asked in the order of the log. */
function inOrder(positions: Float64Array): (position: number) => boolean {
  let next = 0;
  return (position) => {
    while ((positions[next] ?? Infinity) < position) next += 1;
    return positions[next] === position;
  };
}
