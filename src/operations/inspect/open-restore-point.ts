import type { OpenBackups } from '../../blobs/open-backups.ts';
import { MAXIMUM_POSITION } from '../../filestorage/format.ts';
import { decodeRecordClass } from '../../filestorage/pickle/record-pickle.ts';
import { unwrapHead } from '../../filestorage/pickle/stored-record.ts';
import type { ScanVisitor } from '../../filestorage/scan-visitor.ts';
import { TransactionScanner } from '../../filestorage/scanner.ts';
import { readLinks } from '../../repository/content/read-backup.ts';
import type { ChainLink } from '../../repository/layout/chain.ts';
import type { RecoveryDate } from '../../repository/layout/recovery-date.ts';
import {
  findRestorePoint,
  type PointAim,
  type RestorePoint,
  readRestorePoint,
} from '../../repository/restore-point.ts';
import { requireBackups } from '../../stores/require-backups.ts';
import type { Store } from '../../stores/store.ts';
import { Failure } from '../../system/failure.ts';
import { type JobContext, withStep } from '../run/events.ts';

/** A restore point that is read where it lies. */
export interface OpenedPoint {
  readonly store: Store;
  readonly point: RestorePoint;
  /** Size of its Data.fs, as far as a `.dat` tells. */
  readonly sizeBytes: number | undefined;
}

/** Opens the newest restore point that is not later than the date. Failures `not-found`, `damaged`. */
export async function openPoint(
  repository: string,
  {
    date,
    aim,
    backups,
  }: {
    readonly date: RecoveryDate | undefined;
    readonly aim: PointAim;
    readonly backups: OpenBackups;
  },
): Promise<OpenedPoint> {
  const opened = await backups.repository(repository);
  const { store } = opened;
  await requireBackups(store);
  const point = await findRestorePoint(store, { catalogue: await opened.catalogue(), date, aim });
  const sizeBytes = point.kind === 'listed' ? point.links.at(-1)?.range.end : undefined;
  return { store, point, sizeBytes };
}

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
  { store, point, sizeBytes }: OpenedPoint,
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
  const scanner = new TransactionScanner({
    name: `${store.name}, ${point.stamp}`,
    start,
    sizeBytes: sizeBytes ?? MAXIMUM_POSITION,
    visitor,
  });
  await withStep(context, {
    step: 'read',
    totalBytes: sizeBytes === undefined ? undefined : sizeBytes - start,
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
