import type { Client, ConnectConfig } from 'ssh2';
import { Failure } from '../../../system/failure.ts';
import { gatheringSocket } from './gathering-socket.ts';
import { acquaintanceWith, algorithmsFor, distrust } from './host-key.ts';
import { findIdentities, type Identity } from './identities.ts';
import { formatSftpUrl, type SftpAddress } from './sftp-address.ts';
import { ConnectionLost } from './sftp-error.ts';
import { SftpSession } from './sftp-session.ts';

/** How a server is reached; what is left out is as with ssh. */
export interface SftpSettings {
  /** A file of known hosts, in place of those of the user and the system. */
  readonly knownHosts?: string | undefined;
  /** A file with a private key, in place of the agent and the usual files. */
  readonly identityFile?: string | undefined;
}

/** Milliseconds from the first packet until requests can be sent. */
const READY_MS = 30_000;

/** Milliseconds between two questions whether the server is still there, and how many may stay without an answer. */
const KEEP_ALIVE_MS = 15_000;
const KEEP_ALIVES = 4;

/**
 * Connects to a server: its key must be known, and a key of the user lets it in. Failures: `refused` where that isn't
 * so, and those of `findIdentities`. {@link ConnectionLost} where it may help to try again.
 */
export async function connect(
  address: SftpAddress,
  { knownHosts, identityFile }: SftpSettings,
): Promise<SftpSession> {
  // Some 0.1 s, for who needs it.
  const { default: ssh2 } = await import('ssh2');
  const { host, port, user } = address;
  const acquaintance = await acquaintanceWith({ host, port }, knownHosts);
  const { parseKey } = ssh2.utils;
  const identities = await findIdentities(user, { file: identityFile, parseKey });
  let distrusted: Failure | undefined;
  const client = new ssh2.Client();
  const socket = gatheringSocket({ host, port });
  try {
    const session = await sessionOver(client, {
      sock: socket,
      username: user,
      authHandler: identities.map(({ method }) => method),
      algorithms: { serverHostKey: algorithmsFor(acquaintance) },
      hostVerifier: (key: Buffer) => {
        distrusted = distrust(key, acquaintance);
        return distrusted === undefined;
      },
      readyTimeout: READY_MS,
      keepaliveInterval: KEEP_ALIVE_MS,
      keepaliveCountMax: KEEP_ALIVES,
    });
    return session;
  } catch (error) {
    socket.destroy();
    throw distrusted ?? adoptConnectError(error, { address, identities });
  }
}

/** Connects, logs in, and starts SFTP. Whatever ends the connection, at whatever moment, ends the session. */
function sessionOver(client: Client, config: ConnectConfig): Promise<SftpSession> {
  return new Promise((resolve, reject) => {
    let session: SftpSession | undefined;
    const end = (error: Error) => {
      clearTimeout(timer);
      session?.close(error.message);
      reject(error); // Nothing, where there is a session.
    };
    const timer = setTimeout(
      () => end(new ConnectionLost(`the server has not answered for ${READY_MS / 1000} seconds`)),
      READY_MS,
    );
    client.on('close', () => end(new ConnectionLost('the server has closed the connection')));
    // After an agent that fails, the next identity has its turn.
    client.on('error', (error) => (error.level === 'agent' ? undefined : end(error)));
    client.on('ready', () =>
      client.sftp((error, sftp) => {
        if (error !== undefined && error !== null) return end(error);
        clearTimeout(timer);
        session = new SftpSession(sftp, () => client.end());
        sftp.on('error', end);
        sftp.on('close', () => end(new ConnectionLost('the server has ended its part')));
        resolve(session);
      }),
    );
    client.connect(config);
  });
}

/** What ssh2 says, told apart by what can be done about it. */
function adoptConnectError(
  error: unknown,
  {
    address,
    identities,
  }: { readonly address: SftpAddress; readonly identities: readonly Identity[] },
): unknown {
  if (error instanceof Failure || error instanceof ConnectionLost || !(error instanceof Error))
    return error;
  const level = 'level' in error ? error.level : undefined;
  const cannot = `Cannot log in at ${formatSftpUrl(address)}`;
  if (level === 'client-authentication') {
    const tried = identities.map(({ name }) => name).join(', ');
    return new Failure('refused', `${cannot}: the server takes no key of this user (${tried})`, {
      hint: 'Add the public key (the file with ".pub") to ~/.ssh/authorized_keys of the user on the server.',
      cause: error,
    });
  }
  if (level === 'handshake') {
    return new Failure('system', `${cannot}: ${error.message}`, {
      hint: 'The server and this program have no way in common to secure the connection. Update the server.',
      cause: error,
    });
  }
  return new ConnectionLost(connectionState(error), { cause: error });
}

const STATES: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nothing answers there'],
  ['ENOTFOUND', 'nobody knows a server of that name'],
  ['EAI_AGAIN', 'nobody can tell the address of the server now'],
  ['EHOSTUNREACH', 'no way leads to the server'],
  ['ENETUNREACH', 'no way leads to the server'],
  ['ETIMEDOUT', 'the server does not answer'],
  ['ECONNRESET', 'the connection broke'],
]);

function connectionState(error: Error): string {
  if ('level' in error && error.level === 'protocol')
    return 'the connection ended before it began: perhaps what answers at this port does not speak SSH';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return STATES.get(code) ?? error.message;
}
