import { createHash, type Hash } from 'node:crypto';
import { MAGIC_BYTES } from '../filestorage/format.ts';
import { ROOT_OID } from '../filestorage/oid.ts';
import { readStoredRecord } from '../filestorage/records/read-record.ts';
import { POINTS_BACK, UNCREATED } from '../filestorage/records/record-rows.ts';
import { SortedRecords } from '../filestorage/records/sorted-records.ts';
import { scanTransactions } from '../filestorage/scan-transactions.ts';
import type { PickleRecord } from '../filestorage/scan-visitor.ts';
import { type Tid, ZERO_TID } from '../filestorage/tid.ts';
import type { LogPart } from '../repository/content/open-log.ts';
import type { ByteSource } from '../system/files/byte-source.ts';
import { giveWay } from '../system/streams/cooperative.ts';
import { type RecordsOfState, readRecords } from './read-records.ts';

/** What a state is, in a few bytes: two with one sum have the same current objects, and the same bytes in each. */
export interface Fingerprint {
  /** The sum modulo 2^256 of sha256(oid, tid, data) over the current objects, in 64 hex digits. */
  readonly sum: string;
  readonly objects: number;
  /** Of its last transaction. */
  readonly tid: Tid;
  /** The last transaction that a pack has marked; 0: there is none. */
  readonly packed: Tid;
}

/**
 * How two states compare. `packed`: they end with one transaction, and a pack came to one of them: it takes away what
 * nothing leads to, so their sums say nothing.
 */
export type Likeness = 'same' | 'packed' | 'different';

export function compareFingerprints(one: Fingerprint, other: Fingerprint): Likeness {
  if (one.sum === other.sum) return 'same';
  return one.tid === other.tid && one.packed !== other.packed ? 'packed' : 'different';
}

/**
 * The fingerprint of the state with which a log ends, in one pass over its bytes. Data is taken as it is stored, from
 * where back pointers lead. Memory: that of a state, and 8 bytes for each object. Failure `damaged`.
 */
export async function fingerprintOf(
  log: ByteSource & { readonly parts?: readonly LogPart[] },
  { onBytes }: { readonly onBytes: (count: number) => void },
): Promise<Fingerprint> {
  const state = await readRecords(log, { upTo: undefined, onBytes: () => {} });
  const sum = new FingerprintSum(await findCurrent(log, state));
  let packed = ZERO_TID;
  await scanTransactions(
    { ...log, sizeBytes: state.sizeBytes },
    {
      from: MAGIC_BYTES,
      visitor: {
        pickle: (pickle, record) => {
          for (const hash of sum.hashesOf(record)) sum.add(hash.update(pickle));
        },
        largePickle: (record) => {
          const hashes = [...sum.hashesOf(record)];
          return {
            take: (piece) => hashes.forEach((hash) => void hash.update(piece)),
            end: () => hashes.forEach((hash) => void sum.add(hash)),
          };
        },
        transaction: ({ header }) => {
          if (header.status === 'p') packed = header.tid;
        },
      },
      onBytes,
    },
  );
  return { ...sum.finish(), tid: state.tid, packed };
}

/** Where the data of the current objects stands. */
interface Current {
  /** In the order of the log. */
  readonly positions: Float64Array;
  /** By the position of the data: the oid and tid, as stored, of what points back there. */
  readonly pointing: ReadonlyMap<number, readonly Uint8Array[]>;
}

async function findCurrent(
  log: ByteSource,
  { records: { rows }, sizeBytes }: RecordsOfState,
): Promise<Current> {
  const sorted = new SortedRecords(rows);
  const positions = new Float64Array(rows.count);
  const pointing = new Map<number, readonly Uint8Array[]>();
  let count = 0;
  for (const row of sorted.lastOfEach(sizeBytes, ROOT_OID)) {
    if (sorted.length(row) === UNCREATED) continue;
    if (sorted.length(row) !== POINTS_BACK) {
      positions[count++] = sorted.position(row);
      continue;
    }
    await giveWay();
    const { position, name } = await findData(log, { sorted, row });
    pointing.set(position, [...(pointing.get(position) ?? []), name]);
  }
  return { positions: positions.subarray(0, count).sort(), pointing };
}

/** Where the data of a record is that points back. */
async function findData(
  log: ByteSource,
  { sorted, row }: { readonly sorted: SortedRecords; readonly row: number },
): Promise<{ readonly position: number; readonly name: Uint8Array }> {
  const oid = sorted.oid(row);
  let position = sorted.position(row);
  let record = await readStoredRecord(log, { oid, position });
  const name = Buffer.alloc(16);
  name.writeBigUInt64BE(oid);
  name.writeBigUInt64BE(record.tid, 8);
  while (record.content.kind === 'back-pointer' && record.content.position > 0) {
    position = record.content.position;
    record = await readStoredRecord(log, { oid, position });
  }
  return { position, name };
}

class FingerprintSum {
  readonly #current: Current;
  #next = 0;
  #sum = 0n;
  #objects = 0;

  constructor(current: Current) {
    this.#current = current;
  }

  /** For each current object that has its data in this record: records come in the order of the log. */
  *hashesOf({ position, row, records }: PickleRecord): Generator<Hash, void, undefined> {
    const { positions, pointing } = this.#current;
    while ((positions[this.#next] ?? Infinity) < position) this.#next += 1;
    if (positions[this.#next] === position) {
      const name = Buffer.alloc(16);
      const oidHigh = records.oidHigh(row);
      name.writeUIntBE(oidHigh, 0, 6);
      name.writeUInt16BE(records.oidLow(row), 6);
      name.writeUInt32BE(records.tidHigh(row), 8);
      name.writeUInt32BE(records.tidLow(row), 12);
      yield createHash('sha256').update(name);
    }
    for (const name of pointing.get(position) ?? []) yield createHash('sha256').update(name);
  }

  add(hash: Hash): void {
    this.#sum = BigInt.asUintN(256, this.#sum + BigInt(`0x${hash.digest('hex')}`));
    this.#objects += 1;
  }

  finish(): Pick<Fingerprint, 'sum' | 'objects'> {
    return { sum: this.#sum.toString(16).padStart(64, '0'), objects: this.#objects };
  }
}
