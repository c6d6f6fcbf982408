import type { Chain } from '../layout/chain.ts';
import type { Compression } from './compression.ts';

/** The least share of a Data.fs that gzip was seen to leave where nothing tells better. */
const LEAST_SHARE = 0.05;

/**
 * Bytes that a backup of so many bytes will take, at least: what earlier ones of this repository shrank
 * to, where there are some.
 *
 * @param newest - the newest chain
 */
export function estimateStoredBytes(
  bytes: number,
  {
    compression,
    newest,
  }: { readonly compression: Compression; readonly newest: Chain | undefined },
): number {
  if (compression.kind === 'none') return bytes;
  const zipped = newest?.links.filter(({ file }) => file.isGzip) ?? [];
  const stored = sum(zipped.map(({ file }) => file.storedBytes));
  const plain = sum(zipped.map(({ range }) => range.end - range.start));
  return Math.ceil(bytes * (plain === 0 ? LEAST_SHARE : stored / plain));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
