import { PATIENT, tryAgain } from '../transfer/retries.ts';
import { adoptSftpError, ConnectionLost } from './sftp-error.ts';
import type { SftpSession } from './sftp-session.ts';

/** How long a server that never answered is tried: a name may be mistyped. */
const FIRST_PATIENCE = { ...PATIENT, giveUpAfterMs: 5000 };

/** What is done with a session. @param attempt - from 1: of the ones before, nobody knows what they did */
export type SftpWork<T> = (session: SftpSession, attempt: number) => Promise<T>;

/**
 * A connection that is made when it is needed, and made again when it broke. What was under way then is done once more:
 * so it has to be something that can be.
 */
export class SftpLink implements AsyncDisposable {
  readonly #connect: () => Promise<SftpSession>;
  #connecting: Promise<SftpSession> | undefined;
  #session: SftpSession | undefined;
  #wasReached = false;

  constructor(connect: () => Promise<SftpSession>) {
    this.#connect = connect;
  }

  /** @param doing - for messages: `read "sftp://..."`. Failures: see {@link adoptSftpError}; those of connecting. */
  async run<T>(doing: string, work: SftpWork<T>): Promise<T> {
    try {
      return await tryAgain(async (attempt) => work(await this.#reach(), attempt), {
        patience: this.#wasReached ? PATIENT : FIRST_PATIENCE,
        pauseAfter: (error) => (error instanceof ConnectionLost ? 0 : undefined),
      });
    } catch (error) {
      throw adoptSftpError(error, doing);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = await this.#connecting?.catch(() => undefined);
    session?.close('it is not needed any more');
  }

  /** The connection that there is; whoever comes first makes one for all. */
  #reach(): Promise<SftpSession> {
    if (this.#session?.isOver === true) this.#connecting = undefined;
    this.#connecting ??= this.#begin();
    return this.#connecting;
  }

  async #begin(): Promise<SftpSession> {
    this.#session = undefined;
    try {
      this.#session = await this.#connect();
      this.#wasReached = true;
      return this.#session;
    } catch (error) {
      this.#connecting = undefined;
      throw error;
    }
  }
}
