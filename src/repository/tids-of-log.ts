import { headersFrom } from '../filestorage/committed-end.ts';
import { MAGIC_BYTES } from '../filestorage/format.ts';
import type { TidsOfLog } from '../filestorage/kinship.ts';
import { readMagic } from '../filestorage/magic.ts';
import { TransactionScanner } from '../filestorage/scanner.ts';
import type { Tid } from '../filestorage/tid.ts';
import { transactionEnd } from '../filestorage/transaction-header.ts';
import type { Store } from '../stores/store.ts';
import type { ByteSource } from '../system/byte-source.ts';
import { Failure } from '../system/failure.ts';
import type { ChainLink } from './chain.ts';
import { readLinks } from './reading.ts';

/** Bytes of a backup that are read at most: enough for what a pack leaves at the beginning. */
const MOST_BYTES = 64 << 20;
/** The same for a Data.fs, where only headers are read. */
const MOST_TRANSACTIONS = 20_000;

/** Those of a chain, as far as a look at it goes. */
export function tidsOfLinks(store: Store, links: readonly ChainLink[]): TidsOfLog {
  return () => unlessDamaged(scanLinks(store, links));
}

/** Those of a Data.fs. */
export function tidsOfFile(source: ByteSource): TidsOfLog {
  return () => unlessDamaged(hopThrough(source));
}

async function* scanLinks(
  store: Store,
  links: readonly ChainLink[],
): AsyncGenerator<Tid | 'unread'> {
  let tids: Tid[] = [];
  const scanner = new TransactionScanner({
    name: store.name,
    start: 0,
    sizeBytes: links.at(-1)?.range.end ?? 0,
    visitor: { transaction: ({ header }) => tids.push(header.tid) },
  });
  let bytes = 0;
  for await (const chunk of readLinks(store, { links, check: 'bytes-only' })) {
    scanner.feed(chunk);
    yield* tids;
    tids = [];
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      yield 'unread';
      return;
    }
  }
}

async function* hopThrough(source: ByteSource): AsyncGenerator<Tid | 'unread'> {
  await readMagic(source);
  let count = 0;
  let end = MAGIC_BYTES;
  for await (const header of headersFrom(source, MAGIC_BYTES)) {
    yield header.tid;
    end = transactionEnd(header);
    count += 1;
    if (count >= MOST_TRANSACTIONS) break;
  }
  if (end < source.sizeBytes) yield 'unread';
}

/** What can't be read tells nothing; that is for others to say. */
async function* unlessDamaged(tids: AsyncIterable<Tid | 'unread'>): AsyncGenerator<Tid | 'unread'> {
  try {
    yield* tids;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    yield 'unread';
  }
}
