import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trial } from '../measure.ts';
import {
  type Bar,
  type Case,
  type DataFsBench,
  fullFile,
  NODE_START,
  outputFile,
  repositoryOptions,
  zodbvault,
} from './case.ts';

/** How many objects are loaded where all is in memory, and where nothing is. */
const LOADS = { warm: 20_000, cold: 600 } as const;
const COLD_LOADS_PER_SECOND = 150;
/** Objects of a working set that fits into the cache of members. */
const WORKING_SET = 1500;
/** A server with its caches may take so many bytes, and so many more for each record. */
const [SERVER_BYTES, SERVER_BYTES_PER_RECORD] = [150e6, 32];
/** What opens a state of a file that has no record index: seconds for each GB. */
const OPEN_SECONDS_PER_GB = 1.5;

const AFTER_NODE = { peer: NODE_START.label, ratio: 1 } as const;

/** States that are read where they lie, in the backups that the cases of the Data.fs have made. */
export const STATE_CASES: readonly ((bench: DataFsBench) => Case)[] = [
  (bench) => openCase(bench, 'gzip', { ...AFTER_NODE, moreSeconds: 0.3 }),
  (bench) => {
    const moreSeconds = OPEN_SECONDS_PER_GB * (statSync(bench.dataFs).size / 1e9);
    return openCase(bench, withoutRecordIndexes(bench, 'plain'), { ...AFTER_NODE, moreSeconds });
  },
  (bench) =>
    openCase(bench, withoutRecordIndexes(bench, 'gzip'), { peer: 'zodbvault verify', ratio: 1.2 }),
  (bench) => loadCase(bench, 'plain chain', { words: repositoryOptions(bench, 'plain') }),
  (bench) =>
    loadCase(bench, 'live', {
      words: ['--live', '--datafs', bench.dataFs, ...repositoryOptions(bench, 'plain')],
    }),
  (bench) =>
    loadCase(bench, 'gzip, working set', {
      words: repositoryOptions(bench, 'gzip'),
      oidCount: WORKING_SET,
    }),
  (bench) => ({
    job: `${LOADS.cold} cold loads, gzip`,
    leavesNothing: true,
    ours: ourLoads(bench, { words: repositoryOptions(bench, 'gzip'), loadCount: LOADS.cold }),
    peers: [NODE_START],
    bars: [
      {
        peer: NODE_START.label,
        ratio: 0,
        moreSeconds: LOADS.cold / COLD_LOADS_PER_SECOND,
        peakBytes: peakBytesOf(bench),
      },
    ],
  }),
  (bench) => ({
    job: 'restore to a moment, gzip',
    leavesNothing: true,
    ours: restoreTo(bench, momentOfIncrement(bench), 'zodbvault'),
    peers: [restoreTo(bench, stampOfFull(bench), 'the backup before')],
    bars: [{ peer: 'the backup before', ratio: 1.1 }],
  }),
];

/** Starts a server, and stops it as soon as it says where it listens. */
function openCase(bench: DataFsBench, repository: string, bar: Bar): Case {
  const options = repositoryOptions(bench, repository);
  const script = 'rm -f "$0"; mkfifo "$0"; "$@" > "$0" & read -r line < "$0"; kill $!; wait $!';
  const { command } = zodbvault(bench, ['open', ...options]);
  return {
    job: `open, ${repository}`,
    leavesNothing: true,
    ours: {
      label: 'zodbvault',
      command: ['sh', '-c', script, join(bench.folder, 'first-line'), ...command],
    },
    peers: [NODE_START, zodbvault(bench, ['verify', ...options], 'zodbvault verify')],
    bars: [bar],
  };
}

/** A copy of a repository that lacks its record indexes, as repozo leaves it. */
function withoutRecordIndexes({ folder }: DataFsBench, repository: string): string {
  const copy = `${repository} without record indexes`;
  cpSync(join(folder, repository), join(folder, copy), { recursive: true });
  for (const name of readdirSync(join(folder, copy))) {
    if (name.endsWith('.records')) rmSync(join(folder, copy, name));
  }
  return copy;
}

interface Loads {
  /** Which state our server opens. */
  readonly words: readonly string[];
  /** How many different objects are loaded; absent: any. */
  readonly oidCount?: number;
  /** How many are loaded; absent: as many as where all is in memory. */
  readonly loadCount?: number;
}

function loadCase(bench: DataFsBench, job: string, of: Loads): Case {
  return {
    job: `${LOADS.warm} loads, ${job}`,
    leavesNothing: true,
    ours: ourLoads(bench, of),
    peers: [runzeoLoads(bench, of)],
    bars: [{ peer: 'runzeo', ratio: 1.5, peakBytes: peakBytesOf(bench) }],
  };
}

export function ourLoads(bench: DataFsBench, of: Loads): Trial {
  const { command } = zodbvault(bench, ['open', '--listen', socketIn(bench), ...of.words]);
  return loadTrial(bench, of, { label: 'zodbvault', command });
}

function runzeoLoads(bench: DataFsBench, of: Loads): Trial {
  const conf = join(bench.folder, 'zeo.conf');
  const storage = `<filestorage 1>\n  path ${bench.dataFs}\n  read-only true\n</filestorage>\n`;
  writeFileSync(conf, `<zeo>\n  address ${socketIn(bench)}\n</zeo>\n${storage}`);
  const command = [bench.peers.program('runzeo'), '-C', conf] as const;
  return loadTrial(bench, of, { label: 'runzeo', command });
}

function loadTrial(
  bench: DataFsBench,
  { oidCount, loadCount = LOADS.warm }: Loads,
  server: Pick<Trial, 'label' | 'command'>,
): Trial {
  const oids = oidCount ?? bench.objectCount - 1;
  // Each of a working set is in the cache then, but for a few.
  const warmUp = oidCount === undefined ? 0 : 2 * oidCount;
  const counts = [loadCount, warmUp];
  const client = join(import.meta.dirname, '../zeo-loads.ts');
  return {
    label: server.label,
    command: [
      ...([process.execPath, '--import', 'tsx', client, socketIn(bench)] as const),
      ...['1', ...[oids, ...counts].map(String), ...server.command],
    ],
    prepare: () => rmSync(socketIn(bench), { force: true }),
    isReporting: true,
  };
}

function socketIn({ folder }: DataFsBench): string {
  return join(folder, 'zeo.sock');
}

/** Each object has one record, but for a few. */
function peakBytesOf({ objectCount }: DataFsBench): number {
  return SERVER_BYTES + SERVER_BYTES_PER_RECORD * objectCount;
}

function restoreTo(bench: DataFsBench, moment: string, label: string): Trial {
  const options = repositoryOptions(bench, 'gzip');
  const words = ['restore', '-n', moment, '--to', outputFile(bench), ...options];
  return {
    ...zodbvault(bench, words, label),
    prepare: () => rmSync(outputFile(bench), { force: true }),
  };
}

export function stampOfFull(bench: DataFsBench): string {
  const path = fullFile(bench, 'gzip') ?? '';
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.fsz?$/, '');
}

/** The tid of the first transaction behind the full backup. */
export function momentOfIncrement(bench: DataFsBench): string {
  const folder = join(bench.folder, 'gzip');
  const records = readdirSync(folder).filter((name) => /^\d.*\.json$/.test(name));
  const last =
    records
      .filter((name) => !name.includes('complete'))
      .sort()
      .at(-1) ?? '';
  const { firstTid } = JSON.parse(readFileSync(join(folder, last), 'utf8')) as {
    readonly firstTid: string;
  };
  return firstTid;
}
