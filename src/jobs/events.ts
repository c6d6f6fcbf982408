import type { BackupPlan } from '../repository/plan.ts';

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
      readonly fileNames: readonly string[];
      readonly reason: string;
    }
  /** A long step begins; bytes of it follow. */
  | { readonly kind: 'step-begins'; readonly step: Step; readonly totalBytes: number }
  | { readonly kind: 'bytes'; readonly count: number }
  | { readonly kind: 'step-ends'; readonly step: Step }
  | { readonly kind: 'files-left-out'; readonly fileNames: readonly string[] }
  | { readonly kind: 'lock-ignored'; readonly path: string; readonly pid: number | undefined };

/** The long steps, as the field calls them. */
export type Step = 'compare' | 'back-up' | 'restore' | 'verify';

/** Takes events; must return at once. */
export type OnEvent = (event: JobEvent) => void;

/** What every job is given. */
export interface JobContext {
  readonly onEvent: OnEvent;
  /** Aborted when somebody wants the job to stop; nothing that was finished is undone. */
  readonly signal: AbortSignal;
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
    readonly totalBytes: number;
    readonly work: (onBytes: (count: number) => void) => Promise<T>;
  },
): Promise<T> {
  onEvent({ kind: 'step-begins', step, totalBytes });
  try {
    return await work((count) => onEvent({ kind: 'bytes', count }));
  } finally {
    onEvent({ kind: 'step-ends', step });
  }
}
