import type { LineageEntry, LogBeginning } from '../../filestorage/lineage.ts';
import { entryOf, unlessDamaged } from '../../filestorage/log-beginning.ts';
import { TransactionScanner } from '../../filestorage/scanner.ts';
import type { Store } from '../../stores/store.ts';
import { storedContent } from '../content/stored-content.ts';
import type { ChainLink } from '../layout/chain.ts';

/** Bytes of a backup that are read at most: enough for what a pack leaves at the beginning. */
const MOST_BYTES = 64 << 20;

/** The transactions of a chain, as far as a look at it goes. */
export function beginningOfLinks(store: Store, links: readonly ChainLink[]): LogBeginning {
  return () => unlessDamaged(scanLinks(store, links));
}

async function* scanLinks(
  store: Store,
  links: readonly ChainLink[],
): AsyncGenerator<LineageEntry | 'unread'> {
  let entries: LineageEntry[] = [];
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

async function* contentOf(store: Store, links: readonly ChainLink[]): AsyncGenerator<Uint8Array> {
  for (const { file } of links) yield* storedContent(store, file);
}
