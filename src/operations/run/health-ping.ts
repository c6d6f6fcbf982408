import { hostname } from 'node:os';
import type { Site } from '../../config/model/site.ts';
import { Failure } from '../../system/failure.ts';
import { type PingMoment, ping } from '../../system/processes/ping.ts';
import type { JobContext } from './events.ts';
import { sourcesOf } from './run-log.ts';

/** A run of which a health-check service is told. */
export interface PingedRun {
  /** Notes the warnings. */
  readonly context: JobContext;
  /** Notes what was done, in lines for people. */
  readonly summarize: (lines: readonly string[]) => void;
}

/**
 * Runs a job between two pings of the site's health-check address, if it has one: that it begins, and
 * that it is done, is done with warnings, or has failed. The second carries what people want to read
 * first: the state, the failure, the warnings, what was done. A ping that doesn't get through is a
 * notice, nothing more.
 */
export async function withPings<T>(
  site: Site,
  context: JobContext,
  work: (run: PingedRun) => Promise<T>,
): Promise<T> {
  const { pingUrl } = site;
  if (pingUrl === undefined || pingUrl === '') return await work({ context, summarize: () => {} });
  const tell = async (moment: PingMoment, body?: string) => {
    const reason = await ping(pingUrl, { moment, ...(body !== undefined && { body }) });
    if (reason === undefined) return;
    context.onEvent({ kind: 'notice', code: 'ping-failed', moment, reason });
  };
  const end = async (moment: Exclude<PingMoment, 'start'>, lines: readonly string[]) => {
    const where = `${hostname()}: ${sourcesOf(site).join(', ')}`;
    const all = [`Backup ${STATES[moment]}`, where, ...lines];
    await begun;
    await tell(moment, `${all.join('\n')}\n`);
  };
  const warned: string[] = [];
  let summary: readonly string[] = [];
  const onEvent: JobContext['onEvent'] = (event) => {
    if (event.kind === 'warning') warned.push(`Warning: ${context.inWords?.(event) ?? event.code}`);
    context.onEvent(event);
  };
  const summarize = (lines: readonly string[]) => {
    summary = lines;
  };
  // The work doesn't wait for it; but the end is told after the beginning.
  const begun = tell('start');
  try {
    const result = await work({ context: { ...context, onEvent }, summarize });
    await end(warned.length === 0 ? 'done' : 'warnings', [...warned, ...summary]);
    return result;
  } catch (error) {
    await end('fail', [messageOf(error), ...warned, ...summary]);
    throw error;
  }
}

const STATES = { done: 'done', warnings: 'done with warnings', fail: 'failed' } as const;

function messageOf(error: unknown): string {
  return error instanceof Failure ? error.message : `internal error: ${String(error)}`;
}
