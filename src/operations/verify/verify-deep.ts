import type { DraftFinding, LogFinding } from '../../filestorage/audit/finding.ts';
import type { AuditSample } from '../../filestorage/audit/sample.ts';
import type { Fingerprint } from '../../filestorage/fingerprint/fingerprint.ts';
import { formatOid } from '../../filestorage/oid.ts';
import { formatTid, formatTidTime } from '../../filestorage/tid.ts';
import { auditPoint } from '../../repository/audit-restore-point.ts';
import { type FileState, isOfIndex } from '../../repository/file-finding.ts';
import { pointStampsOf } from '../../repository/layout/catalogue.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { Cut } from '../../repository/moment/cut.ts';
import { resolveTarget } from '../../repository/moment/resolve-target.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import type { FailedRead } from '../../repository/problem.ts';
import { cutOf, type RestorePoint } from '../../repository/restore-point.ts';
import { isNotLater, type RestoreTarget } from '../../repository/restore-target.ts';
import { checkSideFiles } from '../../repository/side-files.ts';
import { requireBackups } from '../../stores/require-backups.ts';
import { isFailure } from '../../system/failure.ts';
import { type JobContext, stoppable, withStep } from '../run/events.ts';
import { unpack } from '../run/unpack.ts';
import type { BlobState } from './blob-finding.ts';
import { isBad, type PartVerdict, verdictOf } from './part-verdicts.ts';
import { inPlaceOf, type RestoredPoint } from './restored-point.ts';
import { type BlobFindings, type BlobPlaces, verifyBlobRecords } from './verify-blob-records.ts';

/** Which restore points of a repository are looked at. */
export type PointsToVerify =
  | { readonly kind: 'one'; readonly target: RestoreTarget }
  | { readonly kind: 'all' }
  /** What a restore has made of one: it is read in its place. */
  | { readonly kind: 'restored'; readonly restored: RestoredPoint };

/** Which restore points are looked at, and how closely. */
export interface DeepVerifySettings {
  readonly repository: string;
  readonly points: PointsToVerify;
  /** Undefined: nobody knows where backups of the blobs are. */
  readonly blobs: BlobPlaces | undefined;
  readonly sample: AuditSample;
  /** Whether the settings say that it holds only the changes of a DemoStorage; else its record may. */
  readonly isChanges: boolean;
}

/** What is wrong with a restore point, or worth knowing: in a file of it, or in the database itself. */
export interface DeepFinding {
  /** `bad`: damage. `note`: none, but somebody may want to know. */
  readonly kind: 'bad' | 'note';
  readonly problem: 'file' | LogFinding['problem'];
  /** What was found, and what was expected; of the database, in words. */
  readonly state: FileState | BlobState | string;
  /** The file or folder, where it is about one. */
  readonly file?: string;
  /** The object: its oid in 16 hex digits, and `module.name` of its class. */
  readonly oid?: string;
  readonly className?: string;
  /** The transaction: its tid in 16 hex digits, its moment in ISO 8601 (UTC), and who made it. */
  readonly tid?: string;
  readonly time?: string;
  readonly user?: string;
}

/** A restore point that was looked at. */
export interface DeepVerifiedPoint {
  readonly stamp: Stamp;
  /** Where it ends within that backup: then it tells nothing of all of that. */
  readonly cut: Cut | undefined;
  readonly findings: readonly DeepFinding[];
  /** Of the parts that were looked at. */
  readonly verdicts: readonly PartVerdict[];
  /** Undefined where not all of it could be read. */
  readonly fingerprint: Fingerprint | undefined;
  /** A wrapper of the storage has changed all records: nothing is known of what is in them. */
  readonly isWrapped: boolean;
  /** Undefined where there was nothing to be read. */
  readonly counts:
    | {
        readonly transactions: number;
        readonly records: number;
        readonly objects: number;
        /** Objects of which the references were followed. */
        readonly followed: number;
        readonly blobs: number;
      }
    | undefined;
}

/**
 * Reads restore points without restoring them, and checks what a server and its users would stumble
 * over: see {@link auditPoint} and {@link verifyBlobRecords}. Results come as they are found, oldest first.
 *
 * Failure `not-found`: there is no such point.
 */
export async function* verifyDeep(
  settings: DeepVerifySettings,
  context: JobContext,
): AsyncGenerator<DeepVerifiedPoint> {
  const repository = await context.backups.repository(settings.repository);
  await requireBackups(repository.store);
  const looking = { repository, settings, context };
  const { points } = settings;
  switch (points.kind) {
    case 'one':
      yield await verifyFound(await findPoint(repository, points.target), looking);
      return;
    case 'all':
      for (const stamp of pointStampsOf(await repository.catalogue())) {
        const point = await findPoint(repository, { kind: 'backup', date: stamp });
        // Files that no .dat lists are no point of their own.
        if (point.stamp === stamp) yield await verifyFound(point, looking);
      }
      return;
    case 'restored':
      yield await verifyPoint(points.restored.point, looking);
      return;
    default:
      points satisfies never;
  }
}

/** A restore point, or why there is none where one should be. */
type FoundPoint =
  | RestorePoint
  | { readonly kind: 'broken'; stamp: Stamp; readonly state: FailedRead };

async function findPoint(repository: OpenRepository, target: RestoreTarget): Promise<FoundPoint> {
  const stamps = pointStampsOf(await repository.catalogue());
  const stamp = stamps.findLast((one) => isNotLater(one, target));
  try {
    return await resolveTarget(repository, { target, aim: 'verify' });
  } catch (error) {
    if (!isFailure(error, 'damaged') || stamp === undefined) throw error;
    return { kind: 'broken', stamp, state: { kind: 'failed-read', message: error.message } };
  }
}

interface Looking {
  readonly repository: OpenRepository;
  readonly settings: DeepVerifySettings;
  readonly context: JobContext;
}

async function verifyFound(point: FoundPoint, looking: Looking): Promise<DeepVerifiedPoint> {
  if (point.kind === 'broken') {
    const { stamp, state } = point;
    const finding = { kind: 'bad', problem: 'file', file: stamp, state } as const;
    const verdicts = [verdictOf('data', { files: [finding], log: [], isAsBackedUp: false })];
    return {
      stamp,
      cut: undefined,
      findings: [finding],
      verdicts,
      fingerprint: undefined,
      isWrapped: false,
      counts: undefined,
    };
  }
  return verifyPoint(point, looking);
}

async function verifyPoint(
  point: RestorePoint,
  { repository, settings, context }: Looking,
): Promise<DeepVerifiedPoint> {
  const stamps = pointStampsOf(await repository.catalogue());
  const next = stamps.find((stamp) => stamp > point.stamp);
  const { store } = repository;
  const sideFiles = await checkSideFiles(repository, point);
  const { points } = settings;
  const restored = points.kind === 'restored' ? points.restored : undefined;
  const read = restored === undefined ? { store, point } : inPlaceOf(store, restored);
  const audited = await auditPoint(read.store, {
    point: read.point,
    sample: settings.sample,
    isChanges: settings.isChanges || saysChanges(point),
    unpack,
    watch: (pass) =>
      withStep(context, {
        step: 'verify',
        totalBytes: point.end,
        work: (progress) => pass(stoppable(progress, context.signal)),
      }),
  });
  const { log } = audited;
  const moment = { kind: 'point', stamp: point.stamp, next } as const;
  const blobs: BlobFindings =
    settings.blobs === undefined
      ? { files: [], records: withoutFolder(log.blobs.count), isAsBackedUp: true }
      : await verifyBlobRecords(log.blobs, {
          places: settings.blobs,
          repository: settings.repository,
          moment,
          restored: restored?.blobs,
          upTo: cutOf(point)?.tid,
          context,
        });
  const dataFiles = [...sideFiles, ...audited.files];
  const explained = await audited.explain(blobs.records);
  // A fault of the index is told, and says nothing against the point: a restore doesn't need it.
  const needed = dataFiles.filter((finding) => !isOfIndex(finding));
  const ofData = {
    files: needed,
    log: explained.filter(({ problem }) => problem !== 'blob' && problem !== 'index'),
    isAsBackedUp: !needed.some(isBad),
  };
  const ofBlobs = { ...blobs, log: explained.filter(({ problem }) => problem === 'blob') };
  return {
    stamp: point.stamp,
    cut: cutOf(point),
    findings: [
      ...[...dataFiles, ...blobs.files].map(
        (finding) => ({ ...finding, problem: 'file' }) as const,
      ),
      ...explained.map(inWords),
    ],
    verdicts: [
      verdictOf('data', ofData),
      ...(settings.blobs === undefined ? [] : [verdictOf('blobs', ofBlobs)]),
    ],
    fingerprint: audited.fingerprint,
    isWrapped: log.wrapping !== undefined,
    counts: {
      transactions: log.transactionCount,
      records: log.recordCount,
      objects: log.index.size,
      followed: log.followedCount,
      blobs: log.blobs.count,
    },
  };
}

function saysChanges(point: RestorePoint): boolean {
  return point.kind === 'listed' && point.links.at(-1)?.record?.changes === true;
}

function inWords({ kind, problem, state, object, transaction }: LogFinding): DeepFinding {
  const { tid, user } = transaction ?? {};
  return {
    kind,
    problem,
    state,
    ...(object !== undefined && { oid: formatOid(object.oid) }),
    ...(object?.className !== undefined && { className: object.className }),
    ...(tid !== undefined && { tid: formatTid(tid), time: formatTidTime(tid) }),
    ...(user !== undefined && { user }),
  };
}

function withoutFolder(blobs: number): readonly DraftFinding[] {
  if (blobs === 0) return [];
  const state = `the files of its ${blobs} blob records were not looked for, as no folder with blob backups is known`;
  return [{ kind: 'note', problem: 'blob', state }];
}
