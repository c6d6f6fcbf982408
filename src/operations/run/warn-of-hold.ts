import type { RetentionHold } from '../../blobs/ownership/retention-hold.ts';
import type { JobContext } from './events.ts';

/** Says that nothing old goes, and why. */
export function warnOfHold(hold: RetentionHold, { onEvent }: JobContext): void {
  onEvent({ kind: 'warning', code: 'retention-hold', hold });
}
