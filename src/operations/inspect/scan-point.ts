import { MAXIMUM_POSITION } from '../../filestorage/format.ts';
import type { ScanVisitor } from '../../filestorage/scan-visitor.ts';
import { TransactionScanner } from '../../filestorage/scanner.ts';
import { readLinks } from '../../repository/content/read-backup.ts';
import type { ChainLink } from '../../repository/layout/chain.ts';
import { readRestorePoint } from '../../repository/restore-point.ts';
import { type JobContext, withStep } from '../run/events.ts';
import type { OpenedPoint } from '../run/open-point.ts';

/** How a restore point is read. */
export interface PointScan {
  readonly visitor: ScanVisitor;
  readonly context: JobContext;
}

export interface PointCounts {
  readonly transactions: number;
  readonly records: number;
  readonly end: number;
}

/** Reads it once, from its beginning, checking its files. Failure `damaged`. */
export function scanPoint(opened: OpenedPoint, scan: PointScan): Promise<PointCounts> {
  const { store, point } = opened;
  const read = (onFile: OnFile) => readRestorePoint(store, { point, onFile });
  return scanBytes(opened, { ...scan, read, start: 0 });
}

/** Reads what links of it hold from `start` on, which is in the first of them. Failure `damaged`. */
export function scanLinks(
  opened: OpenedPoint,
  {
    links,
    start,
    ...scan
  }: PointScan & { readonly links: readonly ChainLink[]; readonly start: number },
): Promise<PointCounts> {
  const { end } = opened.point;
  const passedOver = start - (links[0]?.range.start ?? start);
  const read = (onFile: OnFile) =>
    without(passedOver, readLinks(opened.store, { links, end, check: 'checksums', onFile }));
  return scanBytes(opened, { ...scan, read, start });
}

/** The bytes behind the first of them. */
async function* without(
  passedOver: number,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let left = passedOver;
  for await (const chunk of bytes) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

type OnFile = (name: string) => void;

async function scanBytes(
  { store, point }: OpenedPoint,
  {
    visitor,
    context,
    read,
    start,
  }: PointScan & {
    readonly read: (onFile: OnFile) => AsyncIterable<Uint8Array>;
    readonly start: number;
  },
): Promise<PointCounts> {
  const { end } = point;
  const scanner = new TransactionScanner({
    name: `${store.name}, ${point.stamp}`,
    start,
    sizeBytes: end ?? MAXIMUM_POSITION,
    visitor,
  });
  await withStep(context, {
    step: 'read',
    totalBytes: end === undefined ? undefined : end - start,
    work: async ({ onFile, onBytes }) => {
      for await (const chunk of read(onFile)) {
        context.signal.throwIfAborted();
        onBytes(chunk.length);
        scanner.feed(chunk);
      }
    },
  });
  const { transactionCount, recordCount, committedEnd } = scanner.finish();
  return { transactions: transactionCount, records: recordCount, end: committedEnd };
}
