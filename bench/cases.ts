import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Trial } from './measure.ts';
import { type Peers, PYTHON_GUNZIP, PYTHON_GZIP, PYTHON_REFERENCES } from './peers.ts';
import { growSmallObjects } from './workload.ts';

/** A job, our way to do it, and others' ways, all measured in turn in one session. */
export interface Case {
  readonly job: string;
  readonly ours: Trial;
  readonly peers: readonly Trial[];
  /** Later cases need what its peers leave behind, as all need what ours does. */
  readonly isBasis?: boolean;
}

/** Where everything of a session is. */
export interface Bench {
  readonly folder: string;
  readonly dataFs: string;
  /** The same Data.fs with some MB more. */
  readonly grownDataFs: string;
  /** The built command. */
  readonly command: string;
  readonly peers: Peers;
}

/**
 * The cases in the order in which they must be measured: each is built when its turn comes, and
 * works with what the ones before it have left.
 */
export const CASES: readonly ((bench: Bench) => Case)[] = [
  (bench) => ({
    job: 'full backup, gzip, Node alone',
    ours: backupAnew(bench, 'node', ['--compressor', 'node']),
    peers: [
      ...repozoBackupAnew(bench, 'repozo-gzip', ['-z']),
      ...python(bench, 'Python gzip + md5', [PYTHON_GZIP, bench.dataFs, out(bench)]),
      toFile(bench, 'gzip -6', 'gzip -6 -c "$1"'),
      ...installed(bench, 'pigz', () => toFile(bench, 'pigz -6', 'pigz -6 -c "$1"')),
      ...installed(bench, 'restic', () => resticBackup(bench)),
    ],
  }),
  (bench) => ({
    job: 'full backup, gzip through igzip',
    ours: backupAnew(bench, 'igzip', ['--compressor', 'igzip']),
    peers: [
      ...repozoBackupAnew(bench, 'repozo-gzip', ['-z']),
      ...python(bench, 'Python gzip + md5', [PYTHON_GZIP, bench.dataFs, out(bench)]),
      toFile(bench, 'igzip -3', 'igzip -3 -c "$1"'),
    ],
  }),
  (bench) => ({
    job: 'full backup, plain',
    ours: backupAnew(bench, 'plain', ['--no-gzip']),
    peers: [
      ...repozoBackupAnew(bench, 'repozo-plain', []),
      copyAndSync(bench, 'cp', 'cp "$1" "$2"'),
      copyAndSync(bench, 'md5sum + cp', 'md5sum "$1" && cp "$1" "$2"'),
    ],
  }),
  (bench) => ({
    job: 'increment after a full backup',
    ours: {
      ...zodbvault(bench, ['backup', '--datafs', bench.grownDataFs, ...at(bench, 'node')]),
      prepare: () => removeIncrements(join(bench.folder, 'node')),
    },
    peers: repozo(bench, ['-B', '-Q', '-z', '-r', 'repozo-gzip', '-f', bench.grownDataFs], () =>
      removeIncrements(join(bench.folder, 'repozo-gzip')),
    ),
  }),
  (bench) => ({
    job: 'nothing changed, quick',
    ours: zodbvault(bench, ['backup', '--datafs', bench.grownDataFs, ...at(bench, 'node')]),
    peers: repozo(bench, ['-B', '-Q', '-z', '-r', 'repozo-gzip', '-f', bench.grownDataFs]),
  }),
  (bench) => ({
    job: 'nothing changed, thorough',
    ours: zodbvault(bench, [
      ...['backup', '--no-quick', '--datafs', bench.grownDataFs],
      ...at(bench, 'node'),
    ]),
    peers: [
      ...repozo(bench, ['-B', '-z', '-r', 'repozo-gzip', '-f', bench.grownDataFs]),
      ...python(bench, 'Python gunzip + md5', [PYTHON_GUNZIP, fullFile(bench), '/dev/null']),
    ],
  }),
  (bench) => ({
    job: 'restore, gzip',
    ours: {
      ...zodbvault(bench, ['restore', '-n', '--to', out(bench), ...at(bench, 'node')]),
      prepare: () => rmSync(out(bench), { force: true }),
    },
    peers: [
      ...repozo(bench, ['-R', '-r', 'repozo-gzip', '-o', out(bench)]),
      ...python(bench, 'Python gunzip + md5', [PYTHON_GUNZIP, fullFile(bench), out(bench)]),
      toFile(bench, 'gzip -d', `gzip -dc < '${fullFile(bench)}'`),
      ...installed(bench, 'restic', () => resticRestore(bench)),
    ],
  }),
  (bench) => ({
    job: 'verify, gzip',
    ours: zodbvault(bench, ['verify', ...at(bench, 'node')]),
    peers: [
      ...repozo(bench, ['-V', '-r', 'repozo-gzip']),
      ...python(bench, 'Python gunzip + md5', [PYTHON_GUNZIP, fullFile(bench), '/dev/null']),
      shell('gzip -d to md5sum', `gzip -dc < '${fullFile(bench)}' | md5sum`),
    ],
  }),
  (bench) => ({
    job: 'deep verify, gzip',
    ours: zodbvault(bench, ['verify', '--deep', ...at(bench, 'node')]),
    peers: [...references(bench, bench.dataFs), ...zodbvaultVerify(bench, 'node')],
  }),
  (bench) => ({
    job: 'deep verify, gzip, small objects',
    ours: {
      ...zodbvault(bench, ['verify', '--deep', ...at(bench, 'small')]),
      prepare: () => backUpSmallObjects(bench),
    },
    peers: [...references(bench, smallObjects(bench)), ...zodbvaultVerify(bench, 'small')],
  }),
  (bench) => ({
    job: 'index from scratch',
    ours: {
      label: 'zodbvault',
      command: [
        process.execPath,
        '--import',
        'tsx',
        join(import.meta.dirname, 'index-from-scratch.ts'),
        bench.dataFs,
      ],
    },
    peers: [shell('md5sum', `md5sum '${bench.dataFs}'`), shell('cat', `cat '${bench.dataFs}'`)],
  }),
];

function zodbvault({ command }: Bench, words: readonly string[]): Trial {
  return { label: 'zodbvault', command: [process.execPath, command, ...words] };
}

function at({ folder }: Bench, repository: string): readonly string[] {
  return ['--location', join(folder, repository), '-q'];
}

/** What ZODB's `fsrefs` spends its time in, on the unpacked file. */
function references({ peers }: Bench, dataFs: string): readonly Trial[] {
  if (peers.zodbpickle === undefined) return [];
  const command = [peers.zodbpickle, '-c', PYTHON_REFERENCES, dataFs] as const;
  return [{ label: 'Python references (zodbpickle)', command }];
}

function zodbvaultVerify(bench: Bench, repository: string): readonly Trial[] {
  return [{ ...zodbvault(bench, ['verify', ...at(bench, repository)]), label: 'zodbvault verify' }];
}

function smallObjects({ folder }: Bench): string {
  return join(folder, 'Small.fs');
}

/** Once: a Data.fs as large as the other, and its backup. */
async function backUpSmallObjects(bench: Bench): Promise<void> {
  const path = smallObjects(bench);
  if (existsSync(path)) return;
  await growSmallObjects(path, statSync(bench.dataFs).size);
  const words = ['backup', '--compressor', 'node', '--datafs', path, ...at(bench, 'small')];
  execFileSync(process.execPath, [bench.command, ...words]);
}

function backupAnew(bench: Bench, repository: string, words: readonly string[]): Trial {
  return {
    ...zodbvault(bench, ['backup', '--datafs', bench.dataFs, ...words, ...at(bench, repository)]),
    prepare: () => rmSync(join(bench.folder, repository), { recursive: true, force: true }),
    output: () => fullFileIn(join(bench.folder, repository)),
  };
}

function repozo(
  { peers, folder }: Bench,
  words: readonly string[],
  prepare?: () => void,
): readonly Trial[] {
  if (peers.repozo === undefined) return [];
  const script = 'cd "$0" && exec "$@"';
  const program = [peers.repozo, '-m', 'ZODB.scripts.repozo'];
  return [
    {
      label: 'repozo',
      command: ['sh', '-c', script, folder, ...program, ...words],
      ...(prepare && { prepare }),
    },
  ];
}

function repozoBackupAnew(
  bench: Bench,
  repository: string,
  words: readonly string[],
): readonly Trial[] {
  const path = join(bench.folder, repository);
  return repozo(bench, ['-B', '-F', '-Q', ...words, '-r', path, '-f', bench.dataFs], () => {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path);
  });
}

function python(
  bench: Bench,
  label: string,
  words: readonly [script: string, ...paths: string[]],
): readonly Trial[] {
  if (bench.peers.python === undefined) return [];
  return [
    {
      label,
      command: [bench.peers.python, '-c', ...words],
      prepare: () => rmSync(out(bench), { force: true }),
      ...(words.at(-1) === out(bench) && { output: () => out(bench) }),
    },
  ];
}

function installed({ peers }: Bench, program: string, make: () => Trial): readonly Trial[] {
  return peers.has(program) ? [make()] : [];
}

/** A shell command that prints what is to be in the file, and the sync of it. */
function toFile(bench: Bench, label: string, script: string): Trial {
  return copyAndSync(bench, label, `${script} > "$2"`);
}

/** A shell command that makes the file `$2`, mostly of `$1`, and the sync of it. */
function copyAndSync(bench: Bench, label: string, script: string): Trial {
  return {
    label: `${label} + sync`,
    command: ['sh', '-c', `${script} && sync "$2"`, 'sh', bench.dataFs, out(bench)],
    prepare: () => rmSync(out(bench), { force: true }),
    output: () => out(bench),
  };
}

function shell(label: string, script: string): Trial {
  return { label, command: ['sh', '-c', `${script} > /dev/null`] };
}

function resticBackup(bench: Bench): Trial {
  const repository = join(bench.folder, 'restic');
  return {
    label: 'restic',
    command: [
      ...(['sh', '-c'] as const),
      'export RESTIC_PASSWORD=bench; restic init -q -r "$1" && restic backup -q --no-cache -r "$1" "$2"',
      ...['sh', repository, bench.dataFs],
    ],
    prepare: () => rmSync(repository, { recursive: true, force: true }),
  };
}

function resticRestore(bench: Bench): Trial {
  const target = join(bench.folder, 'restic-out');
  return {
    label: 'restic',
    command: [
      ...(['sh', '-c'] as const),
      'export RESTIC_PASSWORD=bench; restic restore latest -q --no-cache -r "$1" --target "$2" && sync "$2"',
      ...['sh', join(bench.folder, 'restic'), target],
    ],
    prepare: () => rmSync(target, { recursive: true, force: true }),
  };
}

function out({ folder }: Bench): string {
  return join(folder, 'out');
}

function fullFile({ folder }: Bench): string {
  return fullFileIn(join(folder, 'node')) ?? '';
}

function fullFileIn(repository: string): string | undefined {
  try {
    const name = readdirSync(repository).find((file) => /\.fsz?$/.test(file));
    return name === undefined ? undefined : join(repository, name);
  } catch {
    return undefined; // That one was not measured.
  }
}

/** Makes a repository what it was after its full backup. */
function removeIncrements(repository: string): void {
  const full = readdirSync(repository).find((name) => /\.fsz?$/.test(name)) ?? '';
  const stamp = full.slice(0, 19);
  for (const name of readdirSync(repository)) {
    if (!name.startsWith('.') && !name.startsWith(stamp)) rmSync(join(repository, name));
  }
  const dat = join(repository, `${stamp}.dat`);
  writeFileSync(dat, readFileSync(dat, 'utf8').split('\n').slice(0, 1).concat('').join('\n'));
}
