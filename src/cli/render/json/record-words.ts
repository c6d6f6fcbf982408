import type { PastRun } from '../../../operations/run/past-runs.ts';
import type { Check } from '../../../repository/records/check-results.ts';

/** What a run did, by the word of its record: records keep theirs, whatever commands are called. */
export const VERBS = {
  ...{ backup: 'backup', restore: 'restore', undo: 'undo', verify: 'verify' },
  ...{ 'verify-deep': 'verify-deep', 'verify-sample': 'verify-sample' },
  ...{ rehearse: 'test-restore', retire: 'delete' },
} as const satisfies Record<PastRun['verb'], string>;

/** How deep a look was, the shallowest first, by the word of its record. */
export const DEPTHS = {
  ...{ verify: 'verify', sample: 'sample', deep: 'deep' },
  rehearsal: 'test-restore',
} as const satisfies Record<Check['kind'], string>;
