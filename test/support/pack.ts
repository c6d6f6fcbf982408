import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { MAGIC_BYTES, type TransactionStatus } from '../../src/filestorage/format.ts';
import type { Oid } from '../../src/filestorage/oid.ts';
import type { DataRecord } from '../../src/filestorage/record-table.ts';
import { scanTransactions } from '../../src/filestorage/scan-transactions.ts';
import { type Tid, ZERO_TID } from '../../src/filestorage/tid.ts';
import { transactionEnd } from '../../src/filestorage/transaction-header.ts';
import { readRecordState } from '../../src/filestorage/writer/record-data.ts';
import {
  encodeTransaction,
  type RecordContent,
  type TransactionContent,
} from '../../src/filestorage/writer/transaction-encoder.ts';
import { type ByteSource, memorySource } from '../../src/system/files/byte-source.ts';

/** How a database is packed. */
export interface PackOptions {
  /** What is later is kept as it is; by default, all is packed. */
  readonly upTo?: Tid;
  /** Objects that nothing leads to: they go if nothing later changed them. */
  readonly garbage?: ReadonlySet<Oid>;
}

type Draft = Omit<TransactionContent, 'records'> & {
  readonly rows: readonly DataRecord[];
  /** Offset behind it. */
  readonly end: number;
};

/** Packs a closed database; the new file is renamed over the old. */
export async function packDatabase(
  path: string,
  {
    keepsOld = false,
    ...options
  }: PackOptions & {
    /** Whether what was there stays as `Data.fs.old`, as a server's does by default. */
    readonly keepsOld?: boolean;
  } = {},
): Promise<void> {
  writeFileSync(`${path}.pack`, await packLog(readFileSync(path), options));
  rmSync(`${path}.old`, { force: true });
  if (keepsOld) renameSync(path, `${path}.old`);
  renameSync(`${path}.pack`, path);
}

/**
 * Packs a Data.fs as FileStorage does. Up to the pack's moment only each object's newest record stays, with
 * its data and without a previous one, in transactions of status `p`, besides records that later ones point back to.
 */
export async function packLog(bytes: Buffer, options: PackOptions = {}): Promise<Buffer> {
  const source = memorySource(bytes);
  const drafts = await readDrafts(source);
  const { upTo = drafts.at(-1)?.tid ?? ZERO_TID, garbage = new Set() } = options;
  const kept = keptPositions(drafts, { upTo, garbage });
  const moved = new Map<number, number>();
  const newest = new Map<Oid, number>();
  const packed: Buffer[] = [bytes.subarray(0, MAGIC_BYTES)];
  let end = MAGIC_BYTES;
  for (const { rows, end: _, ...rest } of drafts) {
    const isPacked = rest.tid <= upTo;
    const records: RecordContent[] = [];
    const staying = rows.filter(({ position }) => !isPacked || kept.has(position));
    for (const { oid, position, data } of staying) {
      const { pickle } = await readRecordState(source, position);
      const target = data.kind === 'back-pointer' ? moved.get(data.position) : undefined;
      const previous = isPacked ? 0 : (newest.get(oid) ?? 0);
      const pointsBack = pickle === undefined || (!isPacked && target !== undefined);
      records.push({
        oid,
        previous,
        data: pointsBack
          ? { kind: 'back-pointer', position: target ?? 0 }
          : { kind: 'pickle', bytes: pickle },
      });
    }
    if (isPacked && records.length === 0) continue;
    const status = isPacked ? 'p' : rest.status;
    const encoded = encodeTransaction({ ...rest, status, records }, end);
    for (const [number, { oid, position }] of staying.entries()) {
      const here = encoded.recordPositions[number] ?? 0;
      moved.set(position, here);
      newest.set(oid, here);
    }
    packed.push(encoded.bytes);
    end += encoded.bytes.length;
  }
  return Buffer.concat(packed);
}

/** The transactions of a log, with their records. */
export async function readDrafts(source: ByteSource): Promise<readonly Draft[]> {
  const drafts: Draft[] = [];
  await scanTransactions(source, {
    from: MAGIC_BYTES,
    visitor: {
      transaction: ({ header, user, description, extension, records }) => {
        const { tid } = header;
        const status = asKnown(header.status);
        const end = transactionEnd(header);
        const rows = Array.from({ length: records.count }, (_, row) => records.record(row));
        drafts.push({ tid, status, user, description, extension, rows, end });
      },
    },
  });
  return drafts;
}

function asKnown(status: TransactionStatus | 'unknown'): TransactionStatus {
  if (status === 'unknown') throw new RangeError('a scanner stops before such a status');
  return status;
}

/** Positions of the records up to the pack's moment that stay. */
function keptPositions(
  drafts: readonly Draft[],
  { upTo, garbage }: { readonly upTo: Tid; readonly garbage: ReadonlySet<Oid> },
): ReadonlySet<number> {
  const current = new Map<Oid, number>();
  const pointedAt = new Set<number>();
  for (const { tid, rows } of drafts) {
    for (const { oid, position, data } of rows) {
      if (tid <= upTo && data.kind === 'uncreated') current.delete(oid);
      else if (tid <= upTo) current.set(oid, position);
      else if (data.kind === 'back-pointer') pointedAt.add(data.position);
    }
  }
  for (const oid of garbage) current.delete(oid);
  return new Set([...current.values(), ...pointedAt]);
}
