import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { BackupKind } from '../../config/model/site.ts';
import type { BackupPlan } from '../../repository/backup-plan.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { Check } from '../../repository/records/check-results.ts';
import type { LockRequest, LockWaiting } from '../../system/locks/lock-request.ts';
import type { WorkProgress } from '../../system/streams/progress.ts';
import type { ServerEvent } from '../../zeo/server-event.ts';
import type { RemovalReason } from './removal-reason.ts';
import type { InstallStep, ScheduleStep } from './setup-steps.ts';
import type { Warning } from './warnings/warning.ts';

/**
 * What happens during a job, as values: whoever shows it makes text, bars or JSON of it. A job that
 * ends well returns its result; a failure is thrown.
 */
export type JobEvent =
  | { readonly kind: 'folder-made'; readonly path: string }
  | { readonly kind: 'backup-finished-late'; readonly fileName: string }
  | { readonly kind: 'leftovers-removed'; readonly fileNames: readonly string[] }
  | {
      readonly kind: 'backup-planned';
      readonly source: string;
      readonly repository: string;
      readonly plan: BackupPlan;
    }
  | {
      readonly kind: 'files-removed';
      readonly folder: string;
      readonly fileNames: readonly string[];
      readonly reason: RemovalReason;
    }
  /** A long step begins; its files and bytes follow. `totalBytes`: undefined where nobody knows. */
  | {
      readonly kind: 'step-begins';
      readonly step: Step;
      readonly totalBytes: number | undefined;
    }
  /** The step is at this file: a path, or a name in a repository. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'bytes'; readonly count: number }
  | { readonly kind: 'step-ends'; readonly step: Step }
  | {
      readonly kind: 'blobs-begin';
      readonly source: string;
      readonly folder: string;
      readonly backupKind: BackupKind;
    }
  | { readonly kind: 'storage-without-blobs'; readonly storage: string }
  | { readonly kind: 'blobs-there-already'; readonly name: string }
  /** They would go if it were clear that they belong to this repository. */
  | { readonly kind: 'blobs-kept'; readonly folder: string; readonly names: readonly string[] }
  | { readonly kind: 'entry-renamed'; readonly from: string; readonly to: string }
  | { readonly kind: 'latest-set'; readonly folder: string; readonly name: string }
  | { readonly kind: 'restore-begins'; readonly source: string; readonly target: string }
  | { readonly kind: 'blobs-restored'; readonly target: string; readonly entry: string }
  /** Each file of the directory is what the restore would have made of it. */
  | { readonly kind: 'blobs-as-backed-up'; readonly target: string; readonly entry: string }
  /** The failure that follows says it. */
  | ({ readonly kind: 'part-damaged' } & DamagedPart)
  /** A copy has all restore points that it should have: some came to it now, some went. */
  | {
      readonly kind: 'copied';
      readonly copy: string;
      readonly points: number;
      readonly bytes: number;
      readonly removed: number;
      /** What somebody may keep elsewhere; undefined: nothing came or went. */
      readonly seal: string | undefined;
    }
  /** Another program is run, or has printed something. */
  | { readonly kind: 'command'; readonly argv: readonly string[] }
  | { readonly kind: 'output'; readonly output: Uint8Array }
  | { readonly kind: 'install-step'; readonly step: InstallStep }
  | { readonly kind: 'schedule-step'; readonly step: ScheduleStep }
  | ClientEvent
  | Warning
  /** It waits for a lock, or looks whether who holds it on another machine still lives. */
  | { readonly kind: 'lock-awaited'; readonly waiting: LockWaiting };

/** What clients of a server do. What goes wrong is a warning. */
export type ClientEvent = Exclude<ServerEvent, { readonly kind: 'call-failed' | 'blob-missing' }>;

/** A part of a restore point of which what is stored is not what was written, as a restore has found. */
export interface DamagedPart {
  /** The folder of its repository. */
  readonly repository: string;
  readonly stamp: Stamp;
  readonly part: Check['part'];
  /** What was found, and where. */
  readonly state: string;
}

/** The long steps, as the field calls them. */
export type Step =
  | 'compare'
  | 'back-up'
  | 'copy-blobs'
  | 'archive-blobs'
  /** What was written is read back. */
  | 'confirm'
  /** Backups go to another place. */
  | 'copy'
  | 'restore'
  | 'verify'
  /** A restore point or a Data.fs is read for what is in it. */
  | 'read'
  | 'remove';

/** Takes events; must return at once. */
export type OnEvent = (event: JobEvent) => void;

/** Makes the sentence of a warning, for people who read it later. */
export type InWords = (warning: Warning) => string;

/** What every job is given. */
export interface JobContext {
  readonly onEvent: OnEvent;
  /** Whether somebody sees how far a step is; absent: that isn't known. */
  readonly isWatched?: boolean;
  /** What the run log has of a warning; absent: its code. */
  readonly inWords?: InWords;
  /** The folders with backups, of which nothing is read twice. */
  readonly backups: OpenBackups;
  /** Aborted when somebody wants the job to stop; nothing that was finished is undone. */
  readonly signal: AbortSignal;
  /** How long to wait for other runs, in seconds, all in all; absent: not at all. */
  readonly waitSeconds?: number | undefined;
}

/**
 * Asks for the locks of a job.
 *
 * @param command - what the job is called, for whoever finds the lock held
 */
export function lockRequest(
  { onEvent, signal, waitSeconds = 0 }: JobContext,
  command: string,
): LockRequest {
  return {
    command,
    giveUpAt: performance.now() + waitSeconds * 1000,
    signal,
    onWait: (waiting) => onEvent({ kind: 'lock-awaited', waiting }),
  };
}

/** Runs a long step between its two events. */
export async function withStep<T>(
  { onEvent }: JobContext,
  {
    step,
    totalBytes,
    work,
  }: {
    readonly step: Step;
    readonly totalBytes: number | undefined;
    readonly work: (progress: WorkProgress) => Promise<T>;
  },
): Promise<T> {
  onEvent({ kind: 'step-begins', step, totalBytes });
  try {
    return await work({
      onFile: (path) => onEvent({ kind: 'file', path }),
      onBytes: (count) => onEvent({ kind: 'bytes', count }),
    });
  } finally {
    onEvent({ kind: 'step-ends', step });
  }
}

/** The same progress, which stops the work when somebody wants that. */
export function stoppable({ onFile, onBytes }: WorkProgress, signal: AbortSignal): WorkProgress {
  return {
    onFile,
    onBytes: (count) => {
      signal.throwIfAborted();
      onBytes(count);
    },
  };
}

/** What the functions that run other programs are given of a job. */
export function programEvents({ onEvent, signal }: JobContext) {
  return {
    onCommand: (argv: readonly string[]) => onEvent({ kind: 'command', argv }),
    onOutput: (output: Uint8Array) => onEvent({ kind: 'output', output }),
    signal,
  };
}
