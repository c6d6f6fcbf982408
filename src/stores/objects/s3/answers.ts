import { Failure } from '../../../system/failure.ts';

/** What an error of the SDK tells: the answer of the server, or what became of the connection. */
export interface Told {
  /** The code of the answer, as `NoSuchKey`, or of the system, as `ECONNRESET`. */
  readonly code: string;
  /** Of HTTP; undefined: no answer came. */
  readonly status: number | undefined;
  readonly retryAfterMs: number;
}

/** As the SDK calls it that its chain has found none. */
export const NO_CREDENTIALS = 'CredentialsProviderError';

/** As the system calls it that the other side ended a connection. */
export const CONNECTION_ENDED = 'ECONNRESET';

/** Answers that say: later. Beside them, those with a status from 500 on. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'RequestTimeout',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
  'RequestTimeTooSkewed', // The SDK has learnt the server's clock from it.
  'OperationAborted',
  'ConditionalRequestConflict',
  // Bytes became others on their way.
  'BadDigest',
  'InvalidDigest',
  'XAmzContentSHA256Mismatch',
  'IncompleteBody',
]);

/** What can't get better: there are no credentials, no server has such a name, or it isn't the one that its certificate names. */
const HOPELESS_CODES: ReadonlySet<string> = new Set([
  NO_CREDENTIALS,
  'ENOTFOUND',
  'ERR_INVALID_URL',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'EPROTO',
]);

/** Whether an error is an answer with one of these codes, or one of these statuses where it has no code. */
export function isAnswer(error: unknown, ...wanted: readonly (string | number)[]): boolean {
  const told = toldBy(error);
  return told !== undefined && wanted.some((one) => one === told.code || one === told.status);
}

/** Whether something may have been done all the same: no answer came, or one that tells nothing. */
export function leavesOpen(error: unknown): boolean {
  const told = toldBy(error);
  return told !== undefined && (told.status === undefined || told.status >= 500);
}

/** Undefined: to try again doesn't help. Else the ms that the server asks for. */
export function pauseAfter(error: unknown): number | undefined {
  const told = toldBy(error);
  if (told === undefined) return undefined;
  const { code, status, retryAfterMs } = told;
  const isTransient =
    TRANSIENT_CODES.has(code) ||
    (status === undefined
      ? !HOPELESS_CODES.has(code)
      : status === 408 || status === 429 || (status >= 500 && status !== 501));
  return isTransient ? retryAfterMs : undefined;
}

/** Undefined for what no request has led to. */
export function toldBy(error: unknown): Told | undefined {
  if (!(error instanceof Error) || error instanceof Failure) return undefined;
  const metadata = objectIn(error, '$metadata');
  const status = metadata === undefined ? undefined : numberIn(metadata, 'httpStatusCode');
  const code = textIn(error, 'Code') ?? textIn(error, 'code') ?? error.name;
  const isKnown = metadata !== undefined || 'code' in error || WITH_NAME_ALONE.has(error.name);
  if (!isKnown) return undefined;
  return { code, status, retryAfterMs: retryAfterMsOf(error) };
}

/** Errors that have no more than a name. */
const WITH_NAME_ALONE: ReadonlySet<string> = new Set([
  'TimeoutError',
  'SyntaxError', // An answer that is no whole XML.
  NO_CREDENTIALS,
]);

/** What the header `Retry-After` asks for, in its form with seconds. */
function retryAfterMsOf(error: Error): number {
  const response = objectIn(error, '$response');
  const headers = response === undefined ? undefined : objectIn(response, 'headers');
  const seconds = headers === undefined ? undefined : textIn(headers, 'retry-after');
  return seconds !== undefined && /^\d{1,5}$/.test(seconds) ? Number(seconds) * 1000 : 0;
}

function objectIn(object: object, name: string): object | undefined {
  const value: unknown = Reflect.get(object, name);
  return typeof value === 'object' && value !== null ? value : undefined;
}

function textIn(object: object, name: string): string | undefined {
  const value: unknown = Reflect.get(object, name);
  return typeof value === 'string' ? value : undefined;
}

function numberIn(object: object, name: string): number | undefined {
  const value: unknown = Reflect.get(object, name);
  return typeof value === 'number' ? value : undefined;
}
