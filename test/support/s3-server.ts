import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe } from 'vitest';
import type { S3Settings } from '../../src/stores/objects/s3/open-s3.ts';
import { killGroup } from './process.ts';
import { scratchFolder } from './scratch.ts';

/** A real server that speaks S3, while the tests of a file run. */
export interface S3Server {
  readonly endpoint: string;
  /** Settings of a store in a new bucket. */
  newBucket(): Promise<S3Settings>;
  /** Kills its gateway as a power cut would, and starts it again. Ceph only. */
  killAndStart(): void;
  /** Lets no more bytes into a bucket. Ceph only. */
  limitBucket(bucket: string, sizeBytes: number): void;
  /** Makes another user, who may do nothing with the buckets of the first, and gives its keys. Ceph only. */
  newUser(name: string): S3User;
  /** Amazon's own client of it, for what a store doesn't do. */
  readonly client: S3Client;
}

/** Somebody who has a key. */
export interface S3User {
  /** As policies of buckets name it. */
  readonly arn: string;
  readonly credentialsFile: string;
  readonly client: S3Client;
}

const SERVERS = join(import.meta.dirname, 'servers');

const KINDS = {
  ceph: {
    words: ['bash', join(SERVERS, 'ceph-s3.sh')],
    portOption: [],
    needs: ['radosgw', 'ceph-mon', 'ceph-osd'],
    packages: 'radosgw ceph-mon ceph-osd',
    conditions: 'both',
  },
  swift: {
    words: ['/usr/bin/python3', join(SERVERS, 'swift-s3.py')],
    portOption: ['--port'],
    needs: [
      'swift-proxy-server',
      'swift-account-server',
      'swift-container-server',
      'swift-object-server',
    ],
    packages: 'swift-proxy swift-account swift-container swift-object',
    conditions: 'none',
  },
} as const;

export type S3Kind = keyof typeof KINDS;

/** `describe` for tests that need such a server; where it isn't installed, a line says what to install. */
export function describeWithS3(
  kind: S3Kind,
  title: string,
  tests: (server: () => S3Server) => void,
): void {
  const { needs, packages } = KINDS[kind];
  const isThere = needs.every((program) => spawnSync('which', [program]).status === 0);
  if (!isThere) console.warn(`Skipped: ${title}. It needs the Debian packages ${packages}`);
  describe.skipIf(!isThere)(title, () => {
    let running: Promise<S3Server & AsyncDisposable> | undefined;
    const scratch = scratchFolder();
    let server: S3Server | undefined;
    beforeAll(async () => {
      running = startServer(kind, scratch);
      server = await running;
    });
    afterAll(async () => {
      await (await running)?.[Symbol.asyncDispose]();
    });
    tests(() => {
      if (server === undefined) throw new Error('the server runs while a test does');
      return server;
    });
  });
}

async function startServer(kind: S3Kind, scratch: string): Promise<S3Server & AsyncDisposable> {
  const { words, portOption, conditions } = KINDS[kind];
  const [program, ...more] = words;
  const folder = join(scratch, 'server');
  const ceph = ['-c', join(folder, 'ceph.conf')];
  const child = spawn(program, [...more, folder, ...portOption, String(await freePort())], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [endpoint, accessKeyId, secretAccessKey] = await readyLine(child);
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const asUser = (name: string, credentials: Credentials) => ({
    credentialsFile: writeCredentials(join(scratch, `credentials-${name}`), credentials),
    client: clientOf(endpoint, credentials),
  });
  const owner = asUser('owner', { accessKeyId, secretAccessKey });
  const { client } = owner;
  const others: S3Client[] = [];
  const gateways: ChildProcess[] = [];
  let buckets = 0;
  return {
    endpoint,
    client,
    newBucket: async () => {
      const bucket = `bucket-${++buckets}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      const { credentialsFile } = owner;
      return { bucket, prefix: '', endpoint, credentialsFile, conditions };
    },
    killAndStart: () => {
      const found = execFileSync('pgrep', ['-f', `radosgw ${ceph.join(' ')}`], {
        encoding: 'utf8',
      });
      process.kill(Number(found), 'SIGKILL');
      const words = [...ceph, '-n', 'client.rgw.a', '-f'];
      gateways.push(spawn('radosgw', words, { stdio: 'ignore' }));
    },
    limitBucket: (bucket, sizeBytes) => {
      const words = ['--quota-scope=bucket', `--bucket=${bucket}`, `--max-size=${sizeBytes}`];
      for (const word of ['set', 'enable']) {
        execFileSync('radosgw-admin', [...ceph, '-n', 'client.rgw.a', 'quota', word, ...words]);
      }
    },
    newUser: (name) => {
      const credentials = { accessKeyId: `${name}key`, secretAccessKey: `${name}secret` };
      execFileSync('radosgw-admin', [
        ...[...ceph, '-n', 'client.rgw.a', 'user', 'create', `--uid=${name}`],
        ...[`--display-name=${name}`, `--access-key=${credentials.accessKeyId}`],
        `--secret-key=${credentials.secretAccessKey}`,
      ]);
      const user = asUser(name, credentials);
      others.push(user.client);
      return { ...user, arn: `arn:aws:iam:::user/${name}` };
    },
    [Symbol.asyncDispose]: async () => {
      for (const one of [client, ...others]) one.destroy();
      for (const gateway of gateways) gateway.kill('SIGKILL');
      await killGroup(child);
    },
  };
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

function writeCredentials(path: string, { accessKeyId, secretAccessKey }: Credentials): string {
  const lines = [
    `aws_access_key_id = ${accessKeyId}`,
    `aws_secret_access_key = ${secretAccessKey}`,
  ];
  writeFileSync(path, ['[default]', ...lines, ''].join('\n'), { mode: 0o600 });
  return path;
}

function clientOf(endpoint: string, credentials: Credentials): S3Client {
  return new S3Client({
    ...{ endpoint, region: 'us-east-1', forcePathStyle: true, credentials },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** What the command prints when the server answers. */
async function readyLine(child: ChildProcess): Promise<readonly [string, string, string]> {
  const { stdout } = child;
  if (stdout === null) throw new Error('its output is read');
  const ended = once(child, 'close').then(([status]) => {
    throw new Error(`the server ended with ${status}`);
  });
  ended.catch(() => {}); // Later, it is ended.
  const ready = (async () => {
    for await (const line of createInterface({ input: stdout })) {
      const [word, endpoint, accessKeyId, secretAccessKey] = line.split(' ');
      if (word !== 'READY' || endpoint === undefined) continue;
      if (accessKeyId !== undefined && secretAccessKey !== undefined)
        return [endpoint, accessKeyId, secretAccessKey] as const;
    }
    throw new Error('the server says nothing more');
  })();
  return Promise.race([ready, ended]);
}

/** A port of the loopback address that is free, as is the next one. */
async function freePort(): Promise<number> {
  for (;;) {
    const first = await listening(0);
    const { port } = first.address() as AddressInfo;
    const second = await listening(port + 1).catch(() => undefined);
    first.close();
    second?.close();
    if (second !== undefined) return port;
  }
}

async function listening(port: number) {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
