import { Failure } from '../../../system/failure.ts';

/** What a server answers: draft-ietf-secsh-filexfer-02, 7. */
export const STATUS = { noSuchFile: 2, permissionDenied: 3, failure: 4, unsupported: 8 } as const;

/** A request that the server answered with a status. */
export class SftpStatus extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The connection is gone, and nobody knows what became of the requests that were not answered. */
export class ConnectionLost extends Error {}

/** Whether a server has answered so. */
export function isStatus(error: unknown, ...statuses: readonly number[]): error is SftpStatus {
  return error instanceof SftpStatus && statuses.includes(error.status);
}

/** For `catch`, where absent is a result. */
export function absentThere(error: unknown): undefined {
  if (isStatus(error, STATUS.noSuchFile)) return undefined;
  throw error;
}

/** Adopts what a server answered, or that it is gone; everything else passes unchanged. */
export function adoptSftpError(error: unknown, doing: string): unknown {
  const cannot = `Cannot ${doing}`;
  if (error instanceof ConnectionLost) {
    return new Failure('system', `${cannot}: ${error.message}`, {
      hint: 'Check the network and the server, then run the command again: it goes on where it was.',
      cause: error,
    });
  }
  if (!(error instanceof SftpStatus)) return error;
  switch (error.status) {
    case STATUS.noSuchFile:
      return new Failure('not-found', `${cannot}: it does not exist on the server`, {
        hint: 'Check the path. A folder on the server is never made where none was named.',
        cause: error,
      });
    case STATUS.permissionDenied:
      return new Failure('refused', `${cannot}: the server says that this user may not`, {
        hint: 'Let the user on the server read and write in that folder.',
        cause: error,
      });
    default:
      return new Failure('system', `${cannot}: the server says only "${error.message}"`, {
        hint: 'Its disk or quota may be full, or the file system lacks what is needed. Look into its log.',
        cause: error,
      });
  }
}
