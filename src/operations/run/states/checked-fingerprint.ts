import type { Fingerprint } from '../../../filestorage/fingerprint/fingerprint.ts';
import { fingerprintOf } from '../../../states/fingerprint.ts';
import { Failure } from '../../../system/failure.ts';
import type { OpenedSource } from '../../../system/files/byte-source.ts';
import type { Hint } from '../../../system/remedy.ts';
import { type JobContext, type Step, stoppable, withStep } from '../events.ts';

/** What a state was found to be, and what a verification remembers of it. */
export interface CheckedFingerprint {
  readonly found: Fingerprint;
  /** Undefined: no verification has read it. */
  readonly remembered: Fingerprint | undefined;
}

/** Reads all of a log for the fingerprint of the state with which it ends. Failure `damaged`. */
export function takeFingerprint(
  log: OpenedSource,
  { step, context }: { readonly step: Step; readonly context: JobContext },
): Promise<Fingerprint> {
  return withStep(context, {
    step,
    totalBytes: log.sizeBytes,
    work: (progress) => {
      progress.onFile(log.name);
      return fingerprintOf(log, stoppable(progress, context.signal));
    },
  });
}

/**
 * Failure `damaged` for a state that doesn't have the objects which a verification has found there.
 *
 * @param action - what can't be done then, with its object: `open "..."`
 */
export function refuseOtherObjects(
  { found, remembered }: CheckedFingerprint,
  { action, hint }: { readonly action: string; readonly hint: Hint },
): void {
  if (remembered === undefined || found.sum === remembered.sum) return;
  throw new Failure(
    'damaged',
    `Cannot ${action}: it has ${found.objects} objects with the fingerprint ${found.sum}, and a verification found ${remembered.objects} with ${remembered.sum}`,
    { hint },
  );
}
