import type { ByteSource } from '../system/files/byte-source.ts';
import { readMagic } from './file-format-version.ts';
import type { ScanVisitor } from './scan-visitor.ts';
import { type ScanResult, TransactionScanner } from './scanner.ts';
import { refuseDamage } from './uncommitted-tail.ts';

/**
 * Walks all transactions and their records in a Data.fs, and reports the complete ones.
 *
 * @param from - a transaction boundary that the caller vouches for; 4 for the whole file
 * Failure `damaged`: bytes in front of the committed end that don't fit, with their offset. A tail
 * that was cut or is not finished is no failure.
 */
export async function scanTransactions(
  source: ByteSource,
  {
    from,
    visitor,
    onBytes = () => {},
  }: {
    readonly from: number;
    readonly visitor: ScanVisitor;
    /** Is told what is about to be read; may throw to stop. */
    readonly onBytes?: (count: number) => void;
  },
): Promise<ScanResult> {
  const sizeBytes = source.sizeBytes;
  const magic = await readMagic(source);
  const start = magic === undefined ? 0 : from;
  const scanner = new TransactionScanner({ name: source.name, start, sizeBytes, visitor });
  for await (const chunk of source.stream({ start, end: sizeBytes })) {
    onBytes(chunk.length);
    scanner.feed(chunk);
    if (scanner.hasStopped) break;
  }
  const result = scanner.finish();
  await refuseDamage(source, result.stop);
  return result;
}
