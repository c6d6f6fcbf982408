/** Longest time that a health-check service gets, in milliseconds: a backup doesn't wait for it. */
const PATIENCE_MS = 5000;

/** The most that is sent, in bytes: what Healthchecks keeps of a ping. */
const LONGEST_BODY = 10_000;

/** What a health-check service is told: that a run begins, was done, was done with warnings, or failed. */
export type PingMoment = 'start' | 'done' | 'warnings' | 'fail';

/** What follows the address. A number is an exit status: to Healthchecks, all but 0 are failures. */
const PATHS: Readonly<Record<PingMoment, string>> = {
  start: '/start',
  done: '',
  warnings: '/3',
  fail: '/fail',
};

/** Services that take no POST, or no exit status, answer so. */
const NOT_KNOWN: readonly number[] = [404, 405, 501];

/**
 * Tells a health-check service, by a POST. A service that knows no such request gets a GET instead,
 * without a text; warnings are then told as done. Never throws. The result is why it couldn't be
 * told, in words that don't hold the address, which is a secret: whoever knows it can report in our
 * name.
 *
 * @param address - one that {@link isPingAddress} takes
 * @param body - for people, plain text; what is longer than 10,000 bytes is cut
 */
export async function ping(
  address: string,
  { moment, body = '' }: { readonly moment: PingMoment; readonly body?: string },
): Promise<string | undefined> {
  try {
    const status = await send(addressAt(address, moment), {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: shortened(body),
    });
    const last = NOT_KNOWN.includes(status)
      ? await send(addressAt(address, moment === 'warnings' ? 'done' : moment), { method: 'GET' })
      : status;
    return last >= 200 && last < 300 ? undefined : `it answered with status ${last}`;
  } catch (error) {
    return reasonOf(error);
  }
}

/** The status of the answer. */
async function send(address: URL, request: RequestInit): Promise<number> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const response = await fetch(address, { ...request, signal });
  await response.body?.cancel();
  return response.status;
}

/** The beginning, which has what matters most; no character is cut in two. */
function shortened(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= LONGEST_BODY) return text;
  const end = '\n...\n';
  const decoder = new TextDecoder();
  return decoder.decode(bytes.subarray(0, LONGEST_BODY - end.length), { stream: true }) + end;
}

/** Whether it is an address that can be told. */
export function isPingAddress(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

/** An address with all but the host left out, for those who look at settings. */
export function maskAddress(text: string): string {
  return isPingAddress(text) ? `${new URL(text).origin}/***` : '***';
}

function addressAt(address: string, moment: PingMoment): URL {
  const url = new URL(address);
  if (moment !== 'done') url.pathname = url.pathname.replace(/\/$/, '') + PATHS[moment];
  return url;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it could not be reached';
  if (error.name === 'TimeoutError') return `no answer within ${PATIENCE_MS / 1000} s`;
  const { cause } = error;
  const isCoded = cause instanceof Error && 'code' in cause && typeof cause.code === 'string';
  return isCoded ? `it could not be reached (${cause.code})` : 'it could not be reached';
}
