/** Longest time that a health-check service gets, in milliseconds: a backup doesn't wait for it. */
const PATIENCE_MS = 5000;

/** What a health-check service is told: that a run begins, was done (the address itself), or failed. */
export type PingMoment = 'start' | 'done' | 'fail';

/**
 * Tells a health-check service. Never throws. The result is why it couldn't be told, in words that
 * don't hold the address, which is a secret: whoever knows it can report in our name.
 *
 * @param address - one that {@link isPingAddress} takes
 */
export async function ping(address: string, moment: PingMoment): Promise<string | undefined> {
  try {
    const response = await fetch(addressAt(address, moment), {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await response.body?.cancel();
    return response.ok ? undefined : `it answered with status ${response.status}`;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Whether it is an address that can be told. */
export function isPingAddress(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

/** An address with all but the host left out, for those who look at settings. */
export function maskAddress(text: string): string {
  return isPingAddress(text) ? `${new URL(text).origin}/***` : '***';
}

/** `URL/start`, `URL`, `URL/fail`. */
function addressAt(address: string, moment: PingMoment): URL {
  const url = new URL(address);
  if (moment !== 'done') url.pathname = `${url.pathname.replace(/\/$/, '')}/${moment}`;
  return url;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it could not be reached';
  if (error.name === 'TimeoutError') return `no answer within ${PATIENCE_MS / 1000} s`;
  const { cause } = error;
  const isCoded = cause instanceof Error && 'code' in cause && typeof cause.code === 'string';
  return isCoded ? `it could not be reached (${cause.code})` : 'it could not be reached';
}
