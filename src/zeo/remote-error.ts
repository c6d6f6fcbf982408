import type { PlainData } from '../filestorage/pickle/plain/plain-data.ts';

/** An error of a call, which the client raises in its own program. */
export class RemoteError extends Error {
  /** Of Python, with its module. A class that the client doesn't make becomes ZEO's `ServerException`. */
  readonly className: string;
  readonly args: readonly PlainData[];

  constructor(className: string, args: readonly PlainData[] = []) {
    super(className);
    this.name = 'RemoteError';
    this.className = className;
    this.args = args;
  }
}

/** As a server says it that is read-only. */
export function readOnlyError(): RemoteError {
  return new RemoteError('ZODB.POSException.ReadOnlyError');
}

/** There is no such object, or no blob of it: what was looked for. */
export function noKeyError(...args: readonly PlainData[]): RemoteError {
  return new RemoteError('ZODB.POSException.POSKeyError', args);
}

export function valueError(message: string): RemoteError {
  return new RemoteError('builtins.ValueError', [message]);
}
