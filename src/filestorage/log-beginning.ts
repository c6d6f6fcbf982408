import { Failure } from '../system/failure.ts';
import type { ByteSource } from '../system/files/byte-source.ts';
import { headersFrom } from './committed-end.ts';
import { readMagic } from './file-format-version.ts';
import { MAGIC_BYTES } from './format.ts';
import type { LineageEntry, LogBeginning } from './lineage.ts';
import { type TransactionHeader, transactionEnd } from './transaction-header.ts';

/** Transactions of a Data.fs that are looked at: enough for what a pack leaves at the beginning. */
const MOST_TRANSACTIONS = 20_000;

/** The transactions of a Data.fs, as far as a look at its headers goes. */
export function beginningOfFile(source: ByteSource): LogBeginning {
  return () => unlessDamaged(hopThrough(source));
}

async function* hopThrough(source: ByteSource): AsyncGenerator<LineageEntry | 'unread'> {
  await readMagic(source);
  let count = 0;
  let end = MAGIC_BYTES;
  for await (const header of headersFrom(source, MAGIC_BYTES)) {
    yield entryOf(header);
    end = transactionEnd(header);
    count += 1;
    if (count >= MOST_TRANSACTIONS) break;
  }
  if (end < source.sizeBytes) yield 'unread';
}

/** What a transaction tells of the log that it is in. */
export function entryOf({ tid, status }: TransactionHeader): LineageEntry {
  return { tid, isPacked: status === 'p' };
}

/** What can't be read tells nothing; that is for others to say. */
export async function* unlessDamaged(
  entries: AsyncIterable<LineageEntry | 'unread'>,
): AsyncGenerator<LineageEntry | 'unread'> {
  try {
    yield* entries;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    yield 'unread';
  }
}
