import type { Socket } from 'node:net';
import { formatOid } from '../filestorage/oid.ts';
import type { PlainData } from '../filestorage/pickle/plain/plain-data.ts';
import { formatTid } from '../filestorage/tid.ts';
import { Failure, isFailure } from '../system/failure.ts';
import { Arguments, bytesOf } from './arguments.ts';
import { ANSWERS } from './calls.ts';
import { frameMessage, MessageReader } from './framing.ts';
import { type Call, decodeMessage, encodeCall, encodeError, encodeReply } from './message.ts';
import { RemoteError, readOnlyError, valueError } from './remote-error.ts';
import type { ServerEvent } from './server-event.ts';
import { type CountedStorage, newSession, type Session } from './session.ts';

/** What the server speaks: pickles, version 5. */
const PROTOCOL = 'Z5';
/** What load balancers and monitoring say in place of a protocol. */
const HEALTH_PROBE = 'ruok';
/** Bytes that wait for a client; nothing more is read from it meanwhile. */
const MOST_WAITING_BYTES = 1 << 20;
/** Calls of a client that are answered at a time. */
const MOST_CALLS = 16;
/** Longest protocol or probe that is looked at, in bytes. */
const LONGEST_WORD = 16;
/** Longest name that a client may give itself, in characters. */
const LONGEST_LABEL = 100;

/** What a connection needs of its server. */
export interface ConnectionContext {
  readonly storages: ReadonlyMap<string, CountedStorage>;
  readonly onEvent: (event: ServerEvent) => void;
}

/** Talks with one client until it goes, sends what no client sends, or the socket is destroyed. Never fails. */
export async function serveClient(socket: Socket, context: ConnectionContext): Promise<void> {
  await using connection = new Connection(socket, context);
  await connection.serve();
}

class Connection implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #context: ConnectionContext;
  readonly #calls = new Set<Promise<void>>();
  #client: string;
  #draining: Promise<void> | undefined;
  #session: Session | undefined;
  #hasProtocol = false;

  constructor(socket: Socket, context: ConnectionContext) {
    this.#socket = socket;
    this.#context = context;
    this.#client = addressOf(socket);
  }

  async serve(): Promise<void> {
    this.#context.onEvent({ kind: 'client-connected', client: this.#client });
    const reader = new MessageReader();
    try {
      this.#send(Buffer.from(PROTOCOL, 'latin1'));
      for await (const chunk of this.#socket) {
        for (const message of reader.feed(chunk as Buffer)) await this.#take(message);
      }
    } catch (error) {
      if (error instanceof Failure) this.#refuse(error);
      else if (!this.#isOfSocket(error)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await Promise.all(this.#calls);
    await this.#session?.iterators.forgetAll();
    if (this.#session !== undefined) this.#session.storage.statistics.clients -= 1;
    this.#context.onEvent({ kind: 'client-left', client: this.#client });
  }

  async #take(message: Buffer): Promise<void> {
    if (!this.#hasProtocol) {
      this.#agree(message.toString('latin1', 0, LONGEST_WORD));
      return;
    }
    const decoded = decodeMessage(message);
    if (decoded.kind === 'heartbeat') return;
    if (this.#calls.size >= MOST_CALLS) await Promise.race(this.#calls);
    const answering = this.#answer(decoded).finally(() => this.#calls.delete(answering));
    this.#calls.add(answering);
    await this.#hasRoom();
  }

  /** Takes the protocol that the client has chosen of those that the server speaks. */
  #agree(chosen: string): void {
    if (chosen === HEALTH_PROBE) {
      this.#send(Buffer.from(asciiJson(this.#status()), 'latin1'));
      this.#socket.end();
      return;
    }
    if (chosen !== PROTOCOL) throw wrongClient('it speaks another protocol than Z5');
    this.#hasProtocol = true;
  }

  #status(): object {
    const entries = [...this.#context.storages].map(([name, { state, statistics }]) => [
      name,
      statistics.of(state),
    ]);
    return Object.fromEntries(entries);
  }

  /** Never fails. */
  async #answer({ id, isAsync, method, args }: Call): Promise<void> {
    try {
      const value = await this.#valueOf(method, new Arguments(method, args));
      if (!isAsync) this.#send(encodeReply(id, value));
    } catch (error) {
      if (this.#socket.destroyed) return;
      if (isFailure(error, 'refused')) this.#refuse(error);
      // As a ZEO server does: there is no other way to tell the client.
      else if (isAsync)
        this.#refuse(wrongClient(`its call of ${method} fails, and expects no answer`));
      else this.#send(encodeError(id, this.#asRemoteError(error, method)));
    }
  }

  #valueOf(method: string, args: Arguments): PlainData | Promise<PlainData> {
    if (method === 'register') return this.#register(args);
    const answer = Object.hasOwn(ANSWERS, method) ? ANSWERS[method] : undefined;
    if (answer === undefined) throw wrongClient('it calls a method that no ZEO server has');
    if (this.#session === undefined)
      throw wrongClient(`it calls ${method} before it has registered`);
    return answer(this.#session, args);
  }

  /** The client chooses its storage: it is told the last transaction there. */
  #register(args: Arguments): PlainData {
    const name = args.text(0);
    if (this.#session !== undefined) throw valueError('duplicate register() call');
    const storage = this.#context.storages.get(name);
    const refusal = { kind: 'registration-refused', client: this.#client, storage: name } as const;
    if (storage === undefined) {
      this.#context.onEvent({ ...refusal, reason: 'no-such-storage' });
      throw valueError(`unknown storage: ${name}`);
    }
    const isReadOnly = args.value(1);
    if (isReadOnly !== true && isReadOnly !== 1) {
      this.#context.onEvent({ ...refusal, reason: 'wants-to-write' });
      throw readOnlyError();
    }
    this.#session = newSession(storage, {
      callClient: async (method, values) => {
        this.#send(encodeCall(method, values));
        await this.#hasRoom();
        if (this.#socket.destroyed) throw wrongClient('it has gone');
      },
      onMissingBlob: ({ oid, tid }) =>
        this.#context.onEvent({
          ...{ kind: 'blob-missing', client: this.#client },
          ...{ oid: formatOid(oid), tid: formatTid(tid) },
        }),
      setLabel: (label) => {
        this.#client = `${label.slice(0, LONGEST_LABEL)} ${addressOf(this.#socket)}`;
      },
    });
    storage.statistics.clients += 1;
    this.#context.onEvent({ kind: 'client-registered', client: this.#client, storage: name });
    return bytesOf(storage.state.tid);
  }

  #asRemoteError(error: unknown, method: string): RemoteError {
    if (error instanceof RemoteError) return error;
    const reason = error instanceof Failure ? error.message : `internal error: ${String(error)}`;
    this.#context.onEvent({ kind: 'call-failed', client: this.#client, method, reason });
    return new RemoteError('ZODB.POSException.StorageError', [reason]);
  }

  #refuse({ message: reason }: Failure): void {
    this.#context.onEvent({ kind: 'client-refused', client: this.#client, reason });
    this.#socket.destroy();
  }

  /** Whether the connection broke, or was closed here. */
  #isOfSocket(error: unknown): boolean {
    return error === this.#socket.errored || (this.#socket.destroyed && isPrematureClose(error));
  }

  #send(message: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(frameMessage(message));
  }

  /** Waits until what waits for the client has become little, or the client is gone. */
  async #hasRoom(): Promise<void> {
    while (this.#socket.writableLength > MOST_WAITING_BYTES && !this.#socket.destroyed) {
      this.#draining ??= this.#drained();
      await this.#draining;
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#socket.off('drain', end).off('close', end);
        this.#draining = undefined;
        resolve();
      };
      this.#socket.on('drain', end).on('close', end);
    });
  }
}

function isPrematureClose(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

function wrongClient(state: string): Failure {
  return new Failure('refused', `Cannot answer a client: ${state}`, {
    hint: 'ZEO clients of version 5 and 6 are answered, with the protocol Z5.',
  });
}

/** Of a Unix socket nothing is known of the other end. */
function addressOf({ remoteAddress, remotePort }: Socket): string {
  return remoteAddress === undefined ? 'a local client' : `${remoteAddress}:${remotePort}`;
}

function asciiJson(value: object): string {
  const escaped = (character: string) =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(/[\u0080-\uffff]/g, escaped);
}
