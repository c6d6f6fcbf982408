import { type JobContext, withStep } from '../run/events.ts';
import type { RemovalReason } from '../run/removal-reason.ts';

/** The removal of one backup. */
interface Removal {
  /** As the event names it. */
  readonly folder: string;
  readonly reason: RemovalReason;
  /** Tells each file before it goes, and returns the names of all. */
  readonly remove: (onFile: (name: string) => void) => Promise<readonly string[]>;
}

/** Removes a backup as a step of its own, and tells what went and why. Returns the names of the files. */
export async function tellRemoval(
  context: JobContext,
  { folder, reason, remove }: Removal,
): Promise<readonly string[]> {
  const fileNames = await withStep(context, {
    step: 'remove',
    totalBytes: undefined,
    work: ({ onFile }) => remove(onFile),
  });
  context.onEvent({ kind: 'files-removed', folder, fileNames, reason });
  return fileNames;
}
