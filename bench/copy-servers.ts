import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/** A gateway of Ceph, with its store in memory, and an OpenSSH server, both on the loopback address. */
export interface CopyServers extends AsyncDisposable {
  readonly endpoint: string;
  /** As Amazon's programs read them. */
  readonly credentialsFile: string;
  readonly bucket: string;
  readonly sftpPort: number;
  /** The folder that it serves. */
  readonly sftpFolder: string;
  readonly knownHosts: string;
  readonly identityFile: string;
  /** For rclone: `s3:` and `sftp:` are these servers. */
  readonly rclone: Readonly<Record<string, string>>;
}

const SERVERS = join(import.meta.dirname, '../test/support/servers');
const BUCKET = 'bench';

/** Starts them. @param memoryBytes - of the bucket */
export async function startCopyServers(folder: string, memoryBytes: number): Promise<CopyServers> {
  mkdirSync(folder, { recursive: true });
  const [cephPort, sftpPort] = [await freePort(), await freePort()];
  const sshd = start([join(SERVERS, 'sshd.sh'), join(folder, 'sshd'), String(sftpPort)], {});
  const environment = { CEPH_MEM: String(memoryBytes) };
  const ceph = start(
    [join(SERVERS, 'ceph-s3.sh'), join(folder, 'ceph'), String(cephPort)],
    environment,
  );
  const [endpoint, key, secret] = await readyLine(ceph);
  const credentialsFile = join(folder, 'credentials');
  const lines = ['[default]', `aws_access_key_id = ${key}`, `aws_secret_access_key = ${secret}`];
  writeFileSync(credentialsFile, lines.join('\n'), { mode: 0o600 });
  const state = join(folder, 'sshd');
  while (!existsSync(join(state, 'sshd.pid'))) await pause(50);
  const knownHosts = join(state, 'known_hosts');
  const hostKey = readFileSync(join(state, 'host.pub'), 'utf8');
  writeFileSync(knownHosts, `[127.0.0.1]:${sftpPort} ${hostKey}`);
  const identityFile = join(state, 'id');
  const rclone = {
    RCLONE_CONFIG_S3_TYPE: 's3',
    RCLONE_CONFIG_S3_PROVIDER: 'Ceph',
    RCLONE_CONFIG_S3_ENDPOINT: endpoint,
    RCLONE_CONFIG_S3_ACCESS_KEY_ID: key,
    RCLONE_CONFIG_S3_SECRET_ACCESS_KEY: secret,
    RCLONE_CONFIG_SFTP_TYPE: 'sftp',
    RCLONE_CONFIG_SFTP_HOST: '127.0.0.1',
    RCLONE_CONFIG_SFTP_PORT: String(sftpPort),
    RCLONE_CONFIG_SFTP_USER: userInfo().username,
    RCLONE_CONFIG_SFTP_KEY_FILE: identityFile,
    RCLONE_CONFIG_SFTP_KNOWN_HOSTS_FILE: knownHosts,
    // Nothing here is encrypted, and rclone stops where it is set.
    AWS_CA_BUNDLE: '',
    // This server runs no other programs, which could take checksums.
    RCLONE_CONFIG_SFTP_SHELL_TYPE: 'none',
  };
  execFileSync('rclone', ['mkdir', `s3:${BUCKET}`], { env: { ...process.env, ...rclone } });
  return {
    ...{ endpoint, credentialsFile, bucket: BUCKET, sftpPort, knownHosts, identityFile, rclone },
    sftpFolder: join(state, 'root'),
    [Symbol.asyncDispose]: async () => {
      for (const server of [ceph, sshd]) await end(server);
    },
  };
}

function start(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): ChildProcess {
  return spawn('bash', words, {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...environment },
  });
}

async function end(server: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => server.once('close', resolve));
  process.kill(-(server.pid ?? 0), 'SIGKILL');
  await ended;
}

/** What the server prints when it answers: `READY URL KEY SECRET`. */
async function readyLine({ stdout }: ChildProcess): Promise<readonly [string, string, string]> {
  if (stdout === null) throw new Error('its output is read');
  for await (const line of createInterface({ input: stdout })) {
    const [word, endpoint, key, secret] = line.split(' ');
    if (word === 'READY' && endpoint && key && secret) return [endpoint, key, secret];
  }
  throw new Error('the server has ended');
}

/** A port of the loopback address that is free, as is the next one. */
async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    server.close();
    if (typeof address === 'object' && address !== null) return address.port;
  }
}
