import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { SftpAddress } from '../../src/stores/objects/sftp/sftp-address.ts';
import { childrenOf } from './children.ts';

const SSHD = '/usr/sbin/sshd';

/** Whether the real server is installed, and may be started: it wants to be root. */
export const hasSshServer = existsSync(SSHD) && process.getuid?.() === 0;

export type HostKeyType = 'ed25519' | 'ecdsa' | 'rsa';

export interface SshServerOptions {
  readonly hostKeys?: readonly HostKeyType[];
  /** Requests of SFTP that it shall not know, as `posix-rename`: sftp-server(8), -P. */
  readonly without?: readonly string[];
}

/** A real OpenSSH server on the loopback address that only does SFTP, with keys that are thrown away. */
export class SshServer implements AsyncDisposable {
  /** Where its keys and its configuration are. */
  readonly state: string;
  readonly port: number;
  /** The folder to which relative paths lead, too. */
  readonly root: string;
  #process: ChildProcess | undefined;

  private constructor(state: string, port: number) {
    this.state = state;
    this.port = port;
    this.root = join(state, 'root');
  }

  /** @param state - a new folder for it */
  static async start(state: string, options: SshServerOptions = {}): Promise<SshServer> {
    const server = new SshServer(state, await freePort());
    mkdirSync(server.root, { recursive: true, mode: 0o700 });
    mkdirSync('/run/sshd', { recursive: true });
    const { hostKeys = ['ed25519'], without = [] } = options;
    for (const type of hostKeys) makeKey(server.hostKey(type), type);
    makeKey(server.userKey, 'ed25519');
    writeFileSync(join(state, 'authorized_keys'), readFileSync(`${server.userKey}.pub`));
    writeFileSync(server.#configuration, configuration(server, { hostKeys, without }));
    server.trust(hostKeys);
    await server.begin();
    return server;
  }

  hostKey(type: HostKeyType): string {
    return join(this.state, `host-${type}`);
  }

  /** A file with the private key that it lets in. */
  get userKey(): string {
    return join(this.state, 'id');
  }

  get knownHosts(): string {
    return join(this.state, 'known_hosts');
  }

  address(folder = this.root, port = this.port): SftpAddress {
    return { user: userInfo().username, host: '127.0.0.1', port, folder };
  }

  /** Writes down its keys as known, in place of what was. @param port - under which it is reached */
  trust(types: readonly HostKeyType[], port = this.port): void {
    const lines = types.map((type) => {
      const [word, key] = readFileSync(`${this.hostKey(type)}.pub`, 'utf8').split(' ');
      return `[127.0.0.1]:${port} ${word} ${key}\n`;
    });
    writeFileSync(this.knownHosts, lines.join(''));
  }

  async begin(): Promise<void> {
    const words = ['-D', '-e', '-f', this.#configuration];
    const server = spawn(SSHD, words, { stdio: 'ignore' });
    this.#process = server;
    while (!(await answers(this.port))) {
      if (server.exitCode !== null) throw new Error(`sshd ended with ${server.exitCode}`);
      await pause(20);
    }
  }

  /** Ends it and all its connections, as a crash does. */
  async end(): Promise<void> {
    const server = this.#process;
    if (server?.pid === undefined || server.exitCode !== null) return;
    const sessions = descendantsOf(server.pid);
    const ended = once(server, 'close');
    server.kill('SIGKILL');
    for (const pid of sessions) killIfThere(pid);
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  get #configuration(): string {
    return join(this.state, 'sshd_config');
  }
}

function configuration(
  { state, port, root }: SshServer,
  { hostKeys, without }: Required<SshServerOptions>,
): string {
  const denied = without.length === 0 ? '' : ` -P ${without.join(',')}`;
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...hostKeys.map((type) => `HostKey ${join(state, `host-${type}`)}`),
    `PidFile ${join(state, 'sshd.pid')}`,
    `AuthorizedKeysFile ${join(state, 'authorized_keys')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'MaxStartups 100',
    `ForceCommand internal-sftp -d ${root}${denied}`,
    'Subsystem sftp internal-sftp',
    'LogLevel QUIET',
    '',
  ].join('\n');
}

export function makeKey(path: string, type: HostKeyType, passphrase = ''): void {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-f', path]);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('it has no port');
  return address.port;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function descendantsOf(pid: number): readonly number[] {
  return childrenOf(pid).flatMap((child) => [child.pid, ...descendantsOf(child.pid)]);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
