import { Option } from '@commander-js/extra-typings';
import type { Site } from '../../config/model/site.ts';
import { Failure } from '../../system/failure.ts';
import { isPingAddress } from '../../system/processes/ping.ts';

export const PING_URL_VARIABLE = 'ZODBVAULT_PING_URL';

/** No parser of its own: what commander says of a wrong value would show it. */
export const PING_URL_OPTION = new Option(
  '--ping-url <address>',
  'a health-check address to ping: ADDRESS/start, ADDRESS when done, ADDRESS/3 if there were warnings, ADDRESS/fail',
).env(PING_URL_VARIABLE);

/**
 * The site with the address that was said, or that stands in the environment. It is a secret: from
 * here on, the list of processes shows no command line any more. Failure `usage`.
 */
export function withPingUrl(site: Site, said = process.env[PING_URL_VARIABLE]): Site {
  if (said === undefined || said === '') return site;
  if (process.argv.some((word) => word.includes(said))) process.title = 'zodbvault';
  if (isPingAddress(said)) return { ...site, pingUrl: said };
  throw new Failure('usage', 'Cannot use the ping URL: it is no address of http or https', {
    hint: `Correct --ping-url, or ${PING_URL_VARIABLE} in the environment.`,
  });
}
