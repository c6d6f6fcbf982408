import { MAXIMUM_POSITION } from '../../filestorage/format.ts';
import { decodeRecordClass } from '../../filestorage/pickle/record-pickle.ts';
import { unwrapHead } from '../../filestorage/pickle/stored-record.ts';
import type { ScanVisitor } from '../../filestorage/scan-visitor.ts';
import { TransactionScanner } from '../../filestorage/scanner.ts';
import { readLinks } from '../../repository/content/read-backup.ts';
import type { ChainLink } from '../../repository/layout/chain.ts';
import { readRestorePoint } from '../../repository/restore-point.ts';
import { Failure } from '../../system/failure.ts';
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

/** Reads what links of it hold, the first of which begins at `start`. Failure `damaged`. */
export function scanLinks(
  opened: OpenedPoint,
  {
    links,
    start,
    ...scan
  }: PointScan & { readonly links: readonly ChainLink[]; readonly start: number },
): Promise<PointCounts> {
  const read = (onFile: OnFile) => readLinks(opened.store, { links, check: 'checksums', onFile });
  return scanBytes(opened, { ...scan, read, start });
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

/**
 * The class of a record that begins so: `module.name`; `? (".e")` where a wrapper of the storage has changed the
 * record, with the mark that it begins with; `?` where it is damaged or gives its class in another way.
 */
export function classNameOf(head: Uint8Array): string {
  try {
    const record = unwrapHead(head);
    switch (record.kind) {
      case 'pickles':
        return decodeRecordClass(record.bytes) ?? '?';
      case 'wrapped':
        return `? ("${record.mark}")`;
      case 'too-large':
        return '?';
      default:
        return record satisfies never;
    }
  } catch (error) {
    if (error instanceof Failure) return '?';
    throw error;
  }
}
