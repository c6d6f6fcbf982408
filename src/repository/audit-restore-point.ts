import { createHash } from 'node:crypto';
import type { AuditedLog } from '../filestorage/audit/audited-log.ts';
import {
  type DraftFinding,
  finishFinding,
  type LogFinding,
  needsLog,
} from '../filestorage/audit/finding.ts';
import { compareIndex } from '../filestorage/audit/index-findings.ts';
import { LogAudit } from '../filestorage/audit/log-audit.ts';
import { LogExplanation } from '../filestorage/audit/log-explanation.ts';
import type { AuditSample } from '../filestorage/audit/sample.ts';
import type { Fingerprint } from '../filestorage/fingerprint/fingerprint.ts';
import { MAXIMUM_POSITION } from '../filestorage/format.ts';
import { type DecodedIndex, decodeIndex } from '../filestorage/index/index-decoder.ts';
import { OidIndex } from '../filestorage/index/oid-index.ts';
import { TransactionScanner } from '../filestorage/scanner.ts';
import type { Store } from '../stores/store.ts';
import { type Failure, isFailure } from '../system/failure.ts';
import { cooperatively } from '../system/streams/cooperative.ts';
import { tap } from '../system/streams/pipeline.ts';
import type { WorkProgress } from '../system/streams/progress.ts';
import { fingerprintOfAudited } from './audited-fingerprint.ts';
import { openLog, type Unpack } from './content/open-log.ts';
import { readLink, readLinks, readUnlisted } from './content/read-backup.ts';
import { type FileFinding, type FileState, isOfIndex } from './file-finding.ts';
import { indexOfPoint, type RestorePoint } from './restore-point.ts';

/** What a restore point was found to be, without restoring it. */
export interface AuditedPoint {
  readonly files: readonly FileFinding[];
  readonly log: AuditedLog;
  /** Of the state that it is; undefined where a file or the log is damaged. */
  readonly fingerprint: Fingerprint | undefined;
  /**
   * All findings about what is in the log, with all their names; reads the log again if it must.
   *
   * @param more - findings from elsewhere that the log can name
   */
  readonly explain: (more: readonly DraftFinding[]) => Promise<readonly LogFinding[]>;
}

interface Reading {
  readonly store: Store;
  readonly point: RestorePoint;
  readonly sample: AuditSample;
  readonly isChanges: boolean;
  readonly watch: WatchPass;
}

/** Runs a pass over the bytes of a point; what it is given may throw to stop. */
export type WatchPass = <T>(pass: (progress: WorkProgress) => Promise<T>) => Promise<T>;

/**
 * Reads a restore point and checks everything that its files say: checksums, the log, the index. One
 * pass over the bytes; a second one where the stored index is missing or not right (it must be known
 * before the log can be judged), and one more where findings have to be explained.
 *
 * @param isChanges - whether it is known to hold only the changes of a DemoStorage
 */
export async function auditPoint(
  store: Store,
  {
    point,
    sample,
    isChanges,
    unpack,
    watch,
  }: {
    readonly point: RestorePoint;
    readonly sample: AuditSample;
    readonly isChanges: boolean;
    readonly unpack: Unpack;
    readonly watch: WatchPass;
  },
): Promise<AuditedPoint> {
  const reading: Reading = { store, point, sample, isChanges, watch };
  const files: FileFinding[] = [];
  const stored = await readIndex(reading);
  files.push(...stored.findings);
  const known = stored.index?.index ?? (await buildIndex(reading));
  const first = await audit(reading, known);
  files.push(...first.files);
  const log = await auditAgainIfIndexDiffers(reading, { audited: first.log, stored: stored.index });
  const isAsBackedUp = !files.some((finding) => finding.kind === 'bad' && !isOfIndex(finding));
  if (!isAsBackedUp) log.sums.giveUp();
  const fingerprint = await fingerprintOfAudited(log, () => openLog(store, { point, unpack }));
  return { files, log, fingerprint, explain: (more) => explain(reading, { log, more }) };
}

interface StoredIndexOfPoint {
  readonly index: DecodedIndex | undefined;
  readonly findings: readonly FileFinding[];
}

async function readIndex({ store, point }: Reading): Promise<StoredIndexOfPoint> {
  // Of a moment there is none.
  if (point.kind === 'listed' && point.cut !== undefined) return { index: undefined, findings: [] };
  const file = indexOfPoint(point);
  const hash = createHash('sha256');
  const bad = (kind: FileState['kind'] & `${string}-index`): FileFinding => {
    return { kind: 'bad', file, state: { kind } };
  };
  try {
    const index = await decodeIndex(tap(store.read(file), (chunk) => hash.update(chunk)));
    if (index === undefined) {
      return { index, findings: [bad('unreadable-index')] };
    }
    const record = point.kind === 'listed' ? point.links.at(-1)?.record : undefined;
    const isRight = record === undefined || record.index.sha256 === hash.digest('hex');
    return { index, findings: isRight ? [] : [bad('other-index')] };
  } catch (error) {
    if (!isFailure(error, 'not-found')) throw error;
    return { index: undefined, findings: [bad('missing-index')] };
  }
}

/** A light walk for a point without an index. What is wrong on the way is found by the audit. */
async function buildIndex(reading: Reading): Promise<OidIndex> {
  const index = new OidIndex();
  const scanner = new TransactionScanner({
    name: reading.store.name,
    start: 0,
    sizeBytes: sizeOf(reading.point),
    visitor: { transaction: ({ records }) => index.apply(records) },
  });
  await untilDamage(() => readAll(reading, (chunk) => scanner.feed(chunk)));
  return index;
}

interface Audited {
  readonly log: AuditedLog;
  readonly files: readonly FileFinding[];
}

function audit(reading: Reading, known: OidIndex): Promise<Audited> {
  return reading.watch((progress) => auditOnce(reading, { known, progress }));
}

async function auditOnce(
  { store, point, sample, isChanges }: Reading,
  { known, progress }: { readonly known: OidIndex; readonly progress: WorkProgress },
): Promise<Audited> {
  const files: FileFinding[] = [];
  const { name } = store;
  const run = new LogAudit({ name, sizeBytes: sizeOf(point), known, sample, isChanges });
  const readFile = async (file: string, chunks: AsyncIterable<Uint8Array>): Promise<number> => {
    let sizeBytes = 0;
    progress.onFile(file);
    try {
      for await (const chunk of chunks) {
        progress.onBytes(chunk.length);
        sizeBytes += chunk.length;
        run.feed(chunk);
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
      files.push({ kind: 'bad', file, state: { kind: 'failed-read', message: error.message } });
    }
    return sizeBytes;
  };
  switch (point.kind) {
    case 'listed':
      for (const link of point.links) {
        const { end } = point;
        const content = readLink(store, { link, check: 'checksums', end });
        const found = await readFile(link.file.name, content);
        const expected = Math.min(link.range.end, end ?? link.range.end) - link.range.start;
        if (found !== expected)
          run.breakOff(`"${link.file.name}" holds ${found} of ${expected} bytes`);
      }
      break;
    case 'unlisted': {
      const name = point.files.at(-1)?.name ?? store.name;
      await readFile(name, readUnlisted(store, point.files));
      break;
    }
    default:
      point satisfies never;
  }
  return { log: await cooperatively(run.finish()), files };
}

/**
 * Holds the stored index against the log. If it is another one, the audit believed something wrong
 * about which objects there are, and is done again.
 */
async function auditAgainIfIndexDiffers(
  reading: Reading,
  { audited, stored }: { readonly audited: AuditedLog; readonly stored: DecodedIndex | undefined },
): Promise<AuditedLog> {
  if (!audited.isWhole || stored === undefined) return audited;
  if (compareIndex(stored, audited) === 'equal') return audited;
  const again = await audit(reading, audited.index);
  return { ...again.log, findings: audited.findings };
}

async function explain(
  reading: Reading,
  { log, more }: { readonly log: AuditedLog; readonly more: readonly DraftFinding[] },
): Promise<readonly LogFinding[]> {
  const drafts = [...log.findings.drafts(), ...more];
  if (log.dangling === 'none' && !drafts.some(needsLog)) return drafts.map(finishFinding);
  const { store, point } = reading;
  const explanation = new LogExplanation({
    name: store.name,
    sizeBytes: sizeOf(point),
    audited: log,
    drafts,
  });
  await untilDamage(() => readAll(reading, (chunk) => explanation.feed(chunk)));
  return cooperatively(explanation.finish());
}

/** Another pass: what is wrong with the files is known, or will be. */
function readAll(
  { store, point, watch }: Reading,
  feed: (chunk: Uint8Array) => void,
): Promise<void> {
  return watch(async ({ onFile, onBytes }) => {
    const bytes =
      point.kind === 'listed'
        ? readLinks(store, { links: point.links, end: point.end, check: 'bytes-only', onFile })
        : readUnlisted(store, point.files, onFile);
    for await (const chunk of bytes) {
      onBytes(chunk.length);
      feed(chunk);
    }
  });
}

function sizeOf(point: RestorePoint): number {
  return point.end ?? MAXIMUM_POSITION;
}

async function untilDamage(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
}

function isDamage(error: unknown): error is Failure {
  return isFailure(error, 'damaged', 'not-found');
}
