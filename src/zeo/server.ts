import { lstat, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { adoptSystemError, Failure, systemCodeOf } from '../system/failure.ts';
import { formatAddress, type ServerAddress } from '../system/server-address.ts';
import { serveClient } from './connection.ts';
import type { ServedStorage } from './served-storage.ts';
import type { ServerEvent } from './server-event.ts';
import { Statistics } from './statistics.ts';

/** A ZEO server that only reads. Disposed of, it stops listening and leaves its clients. */
export interface ZeoServer extends AsyncDisposable {
  /** Where it listens: with the port that the system has chosen. */
  readonly address: ServerAddress;
  /** Rejects where the server can't go on. */
  readonly failed: Promise<never>;
}

/** Most bytes of the path of a socket (Linux, `sun_path`, which ends with a zero byte). */
const LONGEST_SOCKET_PATH = 107;
/** Only the user of this process may connect: a socket of mode 0600. */
const PRIVATE_UMASK = 0o177;

/**
 * Begins to serve storages, which never change, to ZEO clients of version 5 and 6. Failures: `usage` for a path that
 * is too long; `system` where the address can't be had.
 */
export async function startZeoServer({
  storages,
  address,
  onEvent,
}: {
  readonly storages: readonly ServedStorage[];
  readonly address: ServerAddress;
  readonly onEvent: (event: ServerEvent) => void;
}): Promise<ZeoServer> {
  const counted = new Map(
    storages.map((one) => [one.name, { ...one, statistics: new Statistics() }]),
  );
  const clients = new Map<Socket, Promise<void>>();
  const { promise: failed, reject } = withReject();
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    // Whoever waits for the socket is told; nobody may be left to hear it.
    socket.on('error', () => {});
    const serving = serveClient(socket, { storages: counted, onEvent })
      .catch(reject)
      .finally(() => clients.delete(socket));
    clients.set(socket, serving);
  });
  await listen(server, address);
  return {
    address: addressOf(server, address),
    failed,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of clients.keys()) socket.destroy();
      await Promise.all(clients.values());
      await closed;
    },
  };
}

async function listen(server: Server, address: ServerAddress): Promise<void> {
  const doing = `listen at ${formatAddress(address)}`;
  if (address.kind === 'socket') await makeRoomForSocket(address.path, doing);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.once('listening', resolve);
      bind(server, address);
    });
  } catch (error) {
    throw asFailure(error, doing);
  }
}

function bind(server: Server, address: ServerAddress): void {
  if (address.kind === 'tcp') {
    server.listen(address.port, address.host);
    return;
  }
  const usual = process.umask(PRIVATE_UMASK);
  try {
    // It is bound before the call returns: nobody ever sees it with more rights.
    server.listen(address.path);
  } finally {
    process.umask(usual);
  }
}

/** Removes the socket of a server that was killed. */
async function makeRoomForSocket(path: string, doing: string): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    throw new Failure(
      'usage',
      `Cannot ${doing}: the path has more than ${LONGEST_SOCKET_PATH} bytes`,
      {
        hint: 'Choose a shorter path for the socket.',
      },
    );
  }
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() && (await isLeft(path))) await rm(path, { force: true });
}

/** Whether nobody listens there. */
function isLeft(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const answer = (isOpen: boolean) => {
      socket.destroy();
      resolve(!isOpen);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', (error) => answer(systemCodeOf(error) !== 'ECONNREFUSED'));
  });
}

function asFailure(error: unknown, doing: string): unknown {
  const state = LISTENING_STATES.get(systemCodeOf(error) ?? '');
  if (state === undefined) return adoptSystemError(error, doing);
  return new Failure('system', `Cannot ${doing}: ${state}`, {
    hint: 'Choose another port, or another path. Port 0 is one that is free.',
    cause: error,
  });
}

const LISTENING_STATES: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'another program listens there, or a file is in the way'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
  ['ENOTFOUND', 'there is no such host'],
  ['EAI_AGAIN', 'the name of the host cannot be looked up'],
]);

function addressOf(server: Server, wanted: ServerAddress): ServerAddress {
  const bound = server.address();
  if (wanted.kind === 'socket' || bound === null || typeof bound === 'string') return wanted;
  return { ...wanted, port: bound.port };
}

function withReject() {
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<never>((_, rejectIt) => {
    reject = rejectIt;
  });
  promise.catch(() => {});
  return { promise, reject };
}
