import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { MAGIC_BYTES } from '../../src/filestorage/format.ts';
import { OidIndex } from '../../src/filestorage/index/oid-index.ts';
import { scanTransactions } from '../../src/filestorage/scanner.ts';
import { readRecordState } from '../../src/filestorage/writer/record-data.ts';
import {
  encodeTransaction,
  type RecordContent,
  type TransactionContent,
} from '../../src/filestorage/writer/transaction-encoder.ts';
import { memorySource } from '../../src/system/byte-source.ts';

type Draft = Omit<TransactionContent, 'records'> & {
  readonly rows: readonly { readonly oid: RecordContent['oid']; readonly position: number }[];
};

/**
 * Packs a closed database as FileStorage does: only each object's newest record stays, with its data
 * and without a previous one, in transactions of status `p`; the new file is renamed over the old.
 */
export async function packDatabase(path: string): Promise<void> {
  const bytes = readFileSync(path);
  const source = memorySource(bytes, path);
  const index = new OidIndex();
  const drafts: Draft[] = [];
  await scanTransactions(source, {
    from: MAGIC_BYTES,
    visitor: {
      transaction: ({ header, user, description, extension, records }) => {
        index.apply(records);
        const rows = Array.from({ length: records.count }, (_, row) => records.record(row));
        drafts.push({ tid: header.tid, status: 'p', user, description, extension, rows });
      },
    },
  });
  const packed: Buffer[] = [bytes.subarray(0, MAGIC_BYTES)];
  let end = MAGIC_BYTES;
  for (const { rows, ...rest } of drafts) {
    const records: RecordContent[] = [];
    for (const { oid, position } of rows) {
      if (index.get(oid) !== position) continue;
      const { pickle } = await readRecordState(source, position);
      if (pickle === undefined) continue;
      records.push({ oid, previous: 0, data: { kind: 'pickle', bytes: pickle } });
    }
    if (records.length === 0) continue;
    const encoded = encodeTransaction({ ...rest, records }, end);
    packed.push(encoded.bytes);
    end += encoded.bytes.length;
  }
  writeFileSync(`${path}.pack`, Buffer.concat(packed));
  renameSync(`${path}.pack`, path);
}
