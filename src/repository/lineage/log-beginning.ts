import { headersFrom } from '../../filestorage/committed-end.ts';
import { readMagic } from '../../filestorage/file-format-version.ts';
import { MAGIC_BYTES } from '../../filestorage/format.ts';
import type { KinshipEntry, LogBeginning } from '../../filestorage/lineage.ts';
import { TransactionScanner } from '../../filestorage/scanner.ts';
import { type TransactionHeader, transactionEnd } from '../../filestorage/transaction-header.ts';
import type { Store } from '../../stores/store.ts';
import { Failure } from '../../system/failure.ts';
import type { ByteSource } from '../../system/files/byte-source.ts';
import { storedContent } from '../content/stored-content.ts';
import type { ChainLink } from '../layout/chain.ts';

/** Bytes of a backup that are read at most: enough for what a pack leaves at the beginning. */
const MOST_BYTES = 64 << 20;
/** The same for a Data.fs, where only headers are read. */
const MOST_TRANSACTIONS = 20_000;

/** Those of a chain, as far as a look at it goes. */
export function beginningOfLinks(store: Store, links: readonly ChainLink[]): LogBeginning {
  return () => unlessDamaged(scanLinks(store, links));
}

/** Those of a Data.fs. */
export function beginningOfFile(source: ByteSource): LogBeginning {
  return () => unlessDamaged(hopThrough(source));
}

async function* scanLinks(
  store: Store,
  links: readonly ChainLink[],
): AsyncGenerator<KinshipEntry | 'unread'> {
  let entries: KinshipEntry[] = [];
  const scanner = new TransactionScanner({
    name: store.name,
    start: 0,
    sizeBytes: links.at(-1)?.range.end ?? 0,
    visitor: { transaction: ({ header }) => entries.push(entryOf(header)) },
  });
  let bytes = 0;
  for await (const chunk of contentOf(store, links)) {
    scanner.feed(chunk);
    yield* entries;
    entries = [];
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      yield 'unread';
      return;
    }
  }
}

async function* hopThrough(source: ByteSource): AsyncGenerator<KinshipEntry | 'unread'> {
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

function entryOf({ tid, status }: TransactionHeader): KinshipEntry {
  return { tid, isPacked: status === 'p' };
}

/** What can't be read tells nothing; that is for others to say. */
async function* unlessDamaged(
  entries: AsyncIterable<KinshipEntry | 'unread'>,
): AsyncGenerator<KinshipEntry | 'unread'> {
  try {
    yield* entries;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    yield 'unread';
  }
}

async function* contentOf(store: Store, links: readonly ChainLink[]): AsyncGenerator<Uint8Array> {
  for (const { file } of links) yield* storedContent(store, file);
}
