import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { randomFrom } from '../../src/demo/random.ts';
import { SampleSite } from '../../src/demo/sample-site.ts';
import { scanTransactions } from '../../src/filestorage/scan-transactions.ts';
import type { Microseconds } from '../../src/filestorage/tid.ts';
import { DatabaseWriter } from '../../src/filestorage/writer/database-writer.ts';
import { memorySource } from '../../src/system/files/byte-source.ts';

/** Opens a database with blobs beside it, as a server would. Its clock is the machine's. */
export function openDatabase(path: string): Promise<DatabaseWriter> {
  mkdirSync(dirname(path), { recursive: true });
  return DatabaseWriter.open({
    path,
    blobs: { path: join(dirname(path), '../blobstorage'), layout: 'bushy' },
    now: () => (BigInt(Date.now()) * 1000n) as Microseconds,
    sync: 'on-close',
  });
}

/** Makes a sample site with so many transactions, and closes it. */
export async function makeSite(path: string, transactions: number): Promise<void> {
  await using writer = await openDatabase(path);
  const site = await SampleSite.begin(writer, randomFrom(transactions));
  await site.grow(transactions - site.counts.transactions);
}

/** Adds transactions with one incompressible object each. */
export async function growDatabase(
  path: string,
  {
    transactions,
    bytesEach = 2000,
  }: { readonly transactions: number; readonly bytesEach?: number },
): Promise<void> {
  await using writer = await openDatabase(path);
  const random = randomFrom(writer.committedEnd);
  for (let count = 0; count < transactions; count++) {
    const data = new Map([['content', random.bytes(bytesEach)]]);
    const oid = writer.newOid();
    await writer.commit({ changes: [{ kind: 'state', oid, state: { kind: 'mapping', data } }] });
  }
}

/** The number of transactions of a file; an error unless all of it is one valid database. */
export async function countTransactions(path: string): Promise<number> {
  const bytes = readFileSync(path);
  const result = await scanTransactions(memorySource(bytes, path), { from: 4, visitor: {} });
  if (result.committedEnd !== bytes.length) throw new Error(`${path} has something at its end`);
  return result.transactionCount;
}
