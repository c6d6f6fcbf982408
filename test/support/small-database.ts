import type { Magic, TransactionStatus } from '../../src/filestorage/format.ts';
import { oidFrom } from '../../src/filestorage/oid.ts';
import type { Tid } from '../../src/filestorage/tid.ts';
import { encodeTransaction } from '../../src/filestorage/writer/transaction-encoder.ts';

/** A transaction of a {@link smallDatabase}: its status and the objects that it changes. */
export interface SmallTransaction {
  readonly status?: TransactionStatus;
  readonly oids: readonly (number | bigint)[];
}

/** A healthy Data.fs, and the places in it that a test wants to damage. */
export interface SmallDatabase {
  readonly bytes: Buffer;
  /** Where the magic and each transaction end. */
  readonly boundaries: readonly number[];
  /** Per transaction where its records begin. */
  readonly records: readonly (readonly number[])[];
}

/** Lays out these transactions, with tids 1, 2 and so on in minutes, and a pickle per object. */
export function smallDatabase(
  transactions: readonly SmallTransaction[],
  magic: Magic = 'FS30',
): SmallDatabase {
  const parts: Buffer[] = [Buffer.from(magic)];
  const boundaries = [parts[0]?.length ?? 0];
  const records: (readonly number[])[] = [];
  let end = boundaries[0] ?? 0;
  for (const [number, { status = ' ', oids }] of transactions.entries()) {
    const { bytes, recordPositions } = encodeTransaction(
      {
        tid: (BigInt(number + 1) << 32n) as Tid,
        status,
        user: Buffer.from('user'),
        description: Buffer.from('description'),
        extension: new Uint8Array(0),
        records: oids.map((oid) => ({
          oid: oidFrom(oid),
          previous: 0,
          data: { kind: 'pickle', bytes: Buffer.from(`pickle of ${oid} in ${number}`) },
        })),
      },
      end,
    );
    parts.push(bytes);
    end += bytes.length;
    boundaries.push(end);
    records.push(recordPositions);
  }
  return { bytes: Buffer.concat(parts), boundaries, records };
}
