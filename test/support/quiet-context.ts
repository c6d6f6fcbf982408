import { OpenBackups } from '../../src/blobs/open-backups.ts';
import type { JobContext } from '../../src/operations/run/events.ts';

/** For one job that nobody watches. */
export function quietContext(onEvent: JobContext['onEvent'] = () => {}): JobContext {
  return { onEvent, backups: new OpenBackups(), signal: new AbortController().signal };
}
