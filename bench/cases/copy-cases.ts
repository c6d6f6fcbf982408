import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { makeBlobDirectory } from '../blob-workload.ts';
import { type CopyServers, startCopyServers } from '../copy-servers.ts';
import type { Trial } from '../measure.ts';
import { growWorkload } from '../workload.ts';
import { type Bar, type Bench, type Case, NODE_START } from './case.ts';

/** A site with one full backup, and servers of this machine to which it is copied. */
export interface CopyBench extends Bench {
  readonly servers: CopyServers;
  /** What rclone copies in place of the copy: the data file, which is not compressed, or the blob directory. */
  readonly original: string;
}

/** A transfer may take so much longer than rclone's. */
const RATIO = 1.25;
const PEAK_BYTES = 250e6;
/** What a copy with nothing new, and the first object of a state, may take. */
const [NOTHING_NEW_SECONDS, FIRST_LOAD_SECONDS] = [0.7, 2];
/** What lies in the bucket at a time: what both programs have copied there, and what is being replaced. */
const COPIES = 5;
/** Of each blob, with what the store needs for it. */
const BLOB_BYTES = 40_000;
/** Of the Data.fs beside the blobs. */
const FEW_BYTES = 1_000_000;

type Kind = 's3' | 'sftp';

/** Starts the servers. @param bytes - of the Data.fs @param blobs - their number */
export function startServers(
  { folder }: Bench,
  { bytes, blobs }: { readonly bytes: number; readonly blobs: number },
): Promise<CopyServers> {
  return startCopyServers(join(folder, 'servers'), COPIES * bytes + blobs * BLOB_BYTES + 1e9);
}

/** A site without blobs. @param bytes - of its Data.fs */
export async function makeCopyBench(
  bench: Bench,
  { servers, bytes }: { readonly servers: CopyServers; readonly bytes: number },
): Promise<CopyBench> {
  const folder = join(bench.folder, 'copied-data');
  await backUpNewSite(bench, { folder, bytes });
  const backups = join(folder, 'var/backups');
  const name = readdirSync(backups).find((one) => one.endsWith('.fs')) ?? '';
  return { ...bench, folder, servers, original: join(backups, name) };
}

/** A site with so many blobs of 4 kB. */
export async function makeBlobCopyBench(
  bench: Bench,
  { servers, blobs }: { readonly servers: CopyServers; readonly blobs: number },
): Promise<CopyBench> {
  const folder = join(bench.folder, 'copied-blobs');
  const original = join(folder, 'var/blobstorage');
  makeBlobDirectory(original, blobs);
  await backUpNewSite(bench, { folder, bytes: FEW_BYTES });
  return { ...bench, folder, servers, original };
}

async function backUpNewSite(
  { command }: Bench,
  { folder, bytes }: { readonly folder: string; readonly bytes: number },
): Promise<void> {
  const data = join(folder, 'var/filestorage');
  mkdirSync(data, { recursive: true });
  await growWorkload(join(data, 'Data.fs'), { kind: 'text', bytes });
  const words = [command, 'backup', '--no-gzip', '-q'];
  execFileSync(process.execPath, words, { cwd: folder, stdio: 'inherit' });
}

export const COPY_CASES: readonly ((bench: CopyBench) => Case)[] = [
  (bench) => copyCase(bench, 's3', 'copyto'),
  (bench) => restoreCase(bench, 's3', 'copyto'),
  (bench) => copyCase(bench, 'sftp', 'copyto'),
  (bench) => restoreCase(bench, 'sftp', 'copyto'),
  (bench) => nothingNewCase(bench, 's3'),
  (bench) => nothingNewCase(bench, 'sftp'),
  (bench) => firstLoadCase(bench, 's3'),
  (bench) => firstLoadCase(bench, 'sftp'),
];

export const BLOB_COPY_CASES: readonly ((bench: CopyBench) => Case)[] = [
  (bench) => copyCase(bench, 's3', 'copy'),
  (bench) => nothingNewCase(bench, 's3'),
  (bench) => restoreCase(bench, 's3', 'copy'),
];

function copyCase(bench: CopyBench, kind: Kind, verb: 'copy' | 'copyto'): Case {
  return {
    job: `copy to ${kind}`,
    isBasis: true,
    ours: { ...zodbvault(bench, ['copy', kind, '-q']), prepare: () => newPlaces(bench, kind) },
    peers: [
      {
        ...rclone(bench, [verb, bench.original, theirs(bench, kind)]),
        prepare: () => purge(bench, theirs(bench, kind)),
      },
    ],
    bars: [barTo('rclone')],
  };
}

function restoreCase(bench: CopyBench, kind: Kind, verb: 'copy' | 'copyto'): Case {
  const to = join(bench.folder, 'restored');
  const fetched = join(bench.folder, 'fetched');
  const fetch = rclone(bench, [verb, theirs(bench, kind), fetched]);
  return {
    job: `restore from ${kind}`,
    ours: {
      ...zodbvault(bench, ['restore', '-n', '-q', '--from', kind, '--to', to]),
      prepare: () => rmSync(to, { recursive: true, force: true }),
    },
    peers: [
      {
        label: 'rclone + sync',
        command: ['sh', '-c', '"$@" && sync -f "$0"', fetched, ...fetch.command],
        prepare: () => rmSync(fetched, { recursive: true, force: true }),
      },
    ],
    bars: [barTo('rclone + sync')],
  };
}

function nothingNewCase(bench: CopyBench, kind: Kind): Case {
  return {
    job: `copy to ${kind}, nothing new`,
    ours: zodbvault(bench, ['copy', kind, '-q']),
    peers: [NODE_START],
    bars: [{ peer: NODE_START.label, ratio: 1, moreSeconds: NOTHING_NEW_SECONDS }],
  };
}

/** From the start of the server to the first object. */
function firstLoadCase(bench: CopyBench, kind: Kind): Case {
  const socket = join(bench.folder, 'zeo.sock');
  const client = join(import.meta.dirname, '../zeo-loads.ts');
  const { command } = zodbvault(bench, ['open', '--from', kind, '--listen', socket]);
  const loads = [socket, '1', '1', '0', '0'];
  return {
    job: `open from ${kind}, and a first object`,
    leavesNothing: true,
    ours: {
      label: 'zodbvault',
      command: [process.execPath, '--import', 'tsx', client, ...loads, ...command],
      prepare: () => rmSync(socket, { force: true }),
      isReporting: true,
    },
    peers: [NODE_START],
    bars: [
      { peer: NODE_START.label, ratio: 0, moreSeconds: FIRST_LOAD_SECONDS, peakBytes: PEAK_BYTES },
    ],
  };
}

function barTo(peer: string): Bar {
  return { peer, ratio: RATIO, peakBytes: PEAK_BYTES };
}

/** Runs in the folder of the site: it has the copies in its configuration. */
function zodbvault({ command, folder }: CopyBench, words: readonly string[]): Trial {
  const program = [process.execPath, command, ...words];
  return { label: 'zodbvault', command: ['sh', '-c', 'cd "$0" && exec "$@"', folder, ...program] };
}

function rclone({ servers }: CopyBench, words: readonly string[]): Trial {
  const environment = Object.entries(servers.rclone).map(([name, value]) => `${name}=${value}`);
  return { label: 'rclone', command: ['env', ...environment, 'rclone', ...words] };
}

function theirs({ servers }: CopyBench, kind: Kind): string {
  return kind === 's3' ? `s3:${servers.bucket}/rclone` : `sftp:${servers.sftpFolder}/rclone`;
}

/** Removes a file or a folder with all that is in it; what isn't there is no failure. */
function purge({ servers }: CopyBench, path: string): void {
  const env = { ...process.env, ...servers.rclone };
  try {
    execFileSync('rclone', ['delete', path], { env, stdio: 'ignore' });
  } catch {
    // It wasn't there.
  }
}

/** Empties the place of a copy, and names both to the site. */
function newPlaces(bench: CopyBench, kind: Kind): void {
  const { servers, folder } = bench;
  const sftpPlace = join(servers.sftpFolder, 'copy');
  if (kind === 's3') purge(bench, `s3:${servers.bucket}/copy`);
  if (kind === 'sftp') rmSync(sftpPlace, { recursive: true, force: true });
  mkdirSync(sftpPlace, { recursive: true });
  const address = `${userInfo().username}@127.0.0.1:${servers.sftpPort}`;
  const copies = [
    {
      ...{ name: 's3', url: `s3://${servers.bucket}/copy`, endpoint: servers.endpoint },
      credentials_file: servers.credentialsFile,
    },
    {
      ...{ name: 'sftp', url: `sftp://${address}${sftpPlace}` },
      ...{ known_hosts: servers.knownHosts, identity_file: servers.identityFile },
    },
  ];
  const lines = copies.flatMap((copy) => [
    '[[copies]]',
    ...Object.entries(copy).map(([name, value]) => `${name} = ${JSON.stringify(value)}`),
  ]);
  writeFileSync(join(folder, 'zodbvault.toml'), `${lines.join('\n')}\n`);
}
