import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { BackupKind } from '../../config/model/site.ts';
import type { BackupPlan } from '../../repository/backup-plan.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { Check } from '../../repository/records/check-results.ts';
import type { LockRequest, LockWaiting } from '../../system/locks/lock-request.ts';
import type { WorkProgress } from '../../system/streams/progress.ts';
import type { InstallStep, ScheduleStep } from './setup-steps.ts';

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
  /** The Data.fs was packed, or replaced, while it was read. */
  | { readonly kind: 'source-replaced'; readonly source: string }
  | {
      readonly kind: 'files-removed';
      readonly folder: string;
      readonly fileNames: readonly string[];
      readonly reason: string;
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
  | { readonly kind: 'files-left-out'; readonly fileNames: readonly string[] }
  | {
      readonly kind: 'blobs-begin';
      readonly source: string;
      readonly folder: string;
      readonly of: BackupKind;
    }
  | { readonly kind: 'storage-without-blobs'; readonly storage: string }
  | { readonly kind: 'blobs-there-already'; readonly name: string }
  /** They would go if it were clear that they belong to this repository. */
  | { readonly kind: 'blobs-kept'; readonly folder: string; readonly names: readonly string[] }
  | { readonly kind: 'entry-renamed'; readonly from: string; readonly to: string }
  | { readonly kind: 'latest-set'; readonly folder: string; readonly name: string }
  /** A restore that was killed while it swapped has been finished. */
  | { readonly kind: 'restore-finished-late'; readonly restored: string; readonly at: string }
  | { readonly kind: 'restore-begins'; readonly source: string; readonly target: string }
  | { readonly kind: 'blobs-restored'; readonly target: string; readonly entry: string }
  /**
   * A restore is about to replace another database, or one that may be another: a pack may have left nothing of what
   * the backup holds. With the times of the first transactions.
   */
  | {
      readonly kind: 'other-database' | 'perhaps-other-database';
      readonly target: string;
      readonly begins: string;
      readonly backupBegins: string;
      /** Whether it can be swapped back afterwards. */
      readonly isKept: boolean;
    }
  /** Where a restore is about to put the newest backup, and none is named, are backups of two databases. */
  | {
      readonly kind: 'second-database';
      readonly repository: string;
      readonly target: string;
      /** Names of full backups, with the times of their first transactions. */
      readonly newest: string;
      readonly newestBegins: string;
      readonly other: string;
      readonly otherBegins: string;
    }
  /** The newest backup, and none is named, was made of another copy, or another database, than the newest of the other. */
  | {
      readonly kind: 'second-copy';
      readonly is: 'copy' | 'database';
      readonly repository: string;
      readonly target: string;
      /** Stamps of restore points, and the Data.fs files that they were made of. */
      readonly newest: string;
      readonly path: string;
      readonly other: string;
      readonly otherPath: string;
    }
  /** A storage is older than those beside it, since backups were made without it. */
  | {
      readonly kind: 'storage-left-out';
      readonly storage: string;
      readonly stamp: string;
      /** Of the newest of the others. */
      readonly newest: string;
      /** How many backups were made without it. */
      readonly runs: number;
    }
  /** Blobs that are about to be restored lack some, which the live site had lost when they were backed up. */
  | {
      readonly kind: 'blobs-lacking';
      /** Path of the blob backup. */
      readonly entry: string;
      /** Of an archive, nobody knows for sure. */
      readonly how: 'lack' | 'lack-or-differ' | 'may-lack';
      readonly count: number;
      /** As a message names them. */
      readonly names: string;
      /** The copy that has them; undefined: it is gone. */
      readonly holder: { readonly stamp: string; readonly path: string } | undefined;
    }
  /** Blobs that are about to be restored were backed up with another state of the Data.fs. */
  | {
      readonly kind: 'blobs-of-another-moment';
      /** Name of the blob backup. */
      readonly entry: string;
      /** Whether that state was an earlier or a later one. */
      readonly match: 'earlier' | 'later';
      /** The restore point that these blobs belong to, if it is there. */
      readonly complete: string | undefined;
    }
  /** What is known of the restore point that is about to be restored. */
  | {
      readonly kind: 'point-doubted';
      readonly storage: string;
      readonly repository: string;
      readonly target: string;
      readonly stamp: string;
      /** `known`: it is as it should be, and the Data.fs was not when it was backed up. */
      readonly how: 'bad' | 'known';
      /** Each as the end of a sentence that begins with the restore point. */
      readonly reasons: readonly string[];
      /** The newest older one that nothing is known against, or else the oldest newer one. */
      readonly better: { readonly stamp: string; readonly is: 'older' | 'newer' } | undefined;
    }
  /** The failure that follows says it. */
  | ({ readonly kind: 'part-damaged' } & DamagedPart)
  /** Another program is run, or has printed something. */
  | { readonly kind: 'command'; readonly words: readonly string[] }
  | { readonly kind: 'output'; readonly output: Uint8Array }
  | { readonly kind: 'install-step'; readonly step: InstallStep }
  | { readonly kind: 'schedule-step'; readonly step: ScheduleStep }
  /** Something was put right, and is. */
  | { readonly kind: 'notice'; readonly text: string }
  /** Somebody should look into it. */
  | { readonly kind: 'warning'; readonly text: string }
  /** It waits for a lock, or looks whether who holds it on another machine still lives. */
  | { readonly kind: 'lock-awaited'; readonly waiting: LockWaiting }
  | { readonly kind: 'lock-ignored'; readonly path: string; readonly pid: number | undefined };

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
  | 'restore'
  | 'verify'
  /** A restore point or a Data.fs is read for what is in it. */
  | 'read'
  | 'remove';

/** Takes events; must return at once. */
export type OnEvent = (event: JobEvent) => void;

/** What every job is given. */
export interface JobContext {
  readonly onEvent: OnEvent;
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
    onCommand: (words: readonly string[]) => onEvent({ kind: 'command', words }),
    onOutput: (output: Uint8Array) => onEvent({ kind: 'output', output }),
    signal,
  };
}
