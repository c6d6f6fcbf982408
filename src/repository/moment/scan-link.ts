import type { ScanVisitor } from '../../filestorage/scan-visitor.ts';
import { type ScanResult, TransactionScanner } from '../../filestorage/scanner.ts';
import type { Store } from '../../stores/store.ts';
import { readLink } from '../content/read-backup.ts';
import type { ChainLink } from '../layout/chain.ts';

/**
 * Reads the transactions of one backup. Its checksums are not looked at: that is done when its bytes are used. Failure
 * `damaged`.
 */
export async function scanLink(
  store: Store,
  { link, visitor }: { readonly link: ChainLink; readonly visitor: ScanVisitor },
): Promise<ScanResult> {
  const { file, range } = link;
  const scanner = new TransactionScanner({
    name: file.name,
    start: range.start,
    sizeBytes: range.end,
    visitor,
  });
  for await (const chunk of readLink(store, { link, check: 'bytes-only' })) scanner.feed(chunk);
  return scanner.finish();
}
