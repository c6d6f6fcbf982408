import type { TransactionStatus } from '../../src/filestorage/format.ts';
import { type Oid, oidFrom } from '../../src/filestorage/oid.ts';
import { type Microseconds, type Tid, tidOfMicroseconds } from '../../src/filestorage/tid.ts';
import { encodeObjectState, reference } from '../../src/filestorage/writer/object-state.ts';
import {
  encodeTransaction,
  type RecordBody,
} from '../../src/filestorage/writer/transaction-encoder.ts';

/** What a record of a {@link LogBuilder} holds. */
export type BuiltRecord = {
  readonly oid: number | bigint;
  /** Instead of the right one. */
  readonly previous?: number;
} & (
  | { readonly refersTo: readonly (number | bigint)[] }
  | { readonly blob: true }
  | { readonly pickle: Uint8Array }
  /** Position of an earlier record; 0: the creation is undone. */
  | { readonly backTo: number }
);

/** Lays out a log, transaction by transaction: right unless it is told to be wrong. */
export class LogBuilder {
  readonly #parts: Buffer[] = [Buffer.from('FS30')];
  readonly #newest = new Map<Oid, number>();
  #position = 4;
  #count = 0;

  /** Adds a transaction; returns where its records stand. */
  add(
    records: readonly BuiltRecord[],
    words: {
      readonly tid?: Tid;
      readonly status?: TransactionStatus;
      readonly user?: string;
      readonly description?: string;
    } = {},
  ): readonly number[] {
    this.#count += 1;
    const { bytes, recordPositions } = encodeTransaction(
      {
        tid: words.tid ?? tidNumber(this.#count),
        status: words.status ?? ' ',
        user: Buffer.from(words.user ?? 'ana'),
        description: Buffer.from(words.description ?? '/site/page'),
        extension: new Uint8Array(0),
        records: records.map((record) => ({
          oid: oidFrom(record.oid),
          previous: record.previous ?? this.#newest.get(oidFrom(record.oid)) ?? 0,
          data: bodyOf(record),
        })),
      },
      this.#position,
    );
    for (const [row, { oid }] of records.entries()) {
      this.#newest.set(oidFrom(oid), recordPositions[row] ?? 0);
    }
    this.#parts.push(bytes);
    this.#position += bytes.length;
    return recordPositions;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** The tid of the n-th transaction: a minute after the one before. */
export function tidNumber(number: number): Tid {
  const start = BigInt(Date.UTC(2026, 2, 1, 4, 5)) * 1000n;
  return tidOfMicroseconds((start + BigInt(number) * 60_000_000n) as Microseconds);
}

function bodyOf(record: BuiltRecord): RecordBody {
  if ('pickle' in record) return { kind: 'pickle', bytes: record.pickle };
  if ('backTo' in record) return { kind: 'back-pointer', position: record.backTo };
  if ('blob' in record) return { kind: 'pickle', bytes: encodeObjectState({ kind: 'blob' }) };
  const links = record.refersTo.map(
    (oid, number) => [`link${number}`, reference('mapping', oidFrom(oid))] as const,
  );
  return {
    kind: 'pickle',
    bytes: encodeObjectState({ kind: 'mapping', data: new Map(links) }),
  };
}
