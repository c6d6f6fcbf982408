import type { Site } from '../../config/model/site.ts';
import { type PingMoment, ping } from '../../system/processes/ping.ts';
import type { JobContext } from './events.ts';

/**
 * Runs a job between two pings of the site's health-check address, if it has one: that it begins, and
 * that it is done or has failed. A ping that doesn't get through is a notice, nothing more.
 */
export async function withPings<T>(
  { pingUrl }: Site,
  context: JobContext,
  work: () => Promise<T>,
): Promise<T> {
  if (pingUrl === undefined || pingUrl === '') return await work();
  const tell = async (moment: PingMoment) => {
    const reason = await ping(pingUrl, moment);
    if (reason === undefined) return;
    context.onEvent({ kind: 'notice', code: 'ping-failed', moment, reason });
  };
  // The work doesn't wait for it; but the end is told after the beginning.
  const begun = tell('start');
  let moment: PingMoment = 'fail';
  try {
    const result = await work();
    moment = 'done';
    return result;
  } finally {
    await begun;
    await tell(moment);
  }
}
