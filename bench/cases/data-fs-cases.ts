import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trial } from '../measure.ts';
import {
  type Bar,
  type Case,
  copyAndSync,
  type DataFsBench,
  fullFile,
  installed,
  NODE_START,
  outputFile,
  repositoryOptions,
  repozo,
  shell,
  zodbvault,
} from './case.ts';

/** The level of zlib at which zodbvault compresses where nothing faster is installed. */
const ZLIB_LEVEL = '6';

/**
 * The cases in the order in which they must be measured: each is built when its turn comes, and
 * works with what the ones before it have left.
 */
export const DATA_FS_CASES: readonly ((bench: DataFsBench) => Case)[] = [
  (bench) => ({
    job: 'full, plain',
    isBasis: true,
    ours: backupAnew(bench, 'plain', ['--no-gzip']),
    peers: [
      repozoAnew(bench, 'repozo-plain', []),
      shell('md5sum', `md5sum '${bench.dataFs}'`),
      copyAndSync(bench, 'cp', 'cp "$1" "$2"'),
    ],
    bars: [
      { peer: 'md5sum', ratio: 1.5 },
      { peer: 'repozo', ratio: 0.8 },
    ],
  }),
  (bench) => ({
    job: 'full, plain, nothing read back',
    ours: backupAnew(bench, 'unproven', ['--no-gzip', '--verify-after-backup', 'off']),
    peers: [shell('md5sum', `md5sum '${bench.dataFs}'`)],
    bars: [{ peer: 'md5sum', ratio: 1.2 }],
  }),
  (bench) => ({
    job: 'full, gzip by Node alone',
    ours: backupAnew(bench, 'node', ['--compressor', 'node']),
    peers: [
      {
        label: 'zlib alone, all cores',
        command: [
          ...([process.execPath, '--import', 'tsx'] as const),
          ...[join(import.meta.dirname, '../zlib-alone.ts'), bench.dataFs, ZLIB_LEVEL],
        ],
      },
      ...installed(bench, 'pigz', () => copyAndSync(bench, 'pigz -6', 'pigz -6 -c "$1" > "$2"')),
    ],
    bars: [{ peer: 'zlib alone, all cores', ratio: 1.2 }],
  }),
  (bench) => ({
    job: 'full, gzip by ISA-L',
    isBasis: true,
    ours: backupAnew(bench, 'gzip', []),
    peers: [
      repozoAnew(bench, 'repozo-gzip', ['-z']),
      ...installed(bench, 'igzip', () => copyAndSync(bench, 'igzip -3', 'igzip -3 -c "$1" > "$2"')),
    ],
    bars: [
      bench.kind === 'text'
        ? { peer: 'repozo', ratio: 1 / 10, larger: 0.07 }
        : { peer: 'repozo', ratio: 1 / 6, larger: 0.001 },
    ],
  }),
  (bench) => restoreCase(bench, 'gzip', [{ peer: 'repozo', ratio: 1 / 3.5 }]),
  (bench) => restoreCase(bench, 'repozo-gzip', [{ peer: 'repozo', ratio: 1 / 2.5 }]),
  (bench) => verifyCase(bench, 'gzip', [{ peer: 'repozo', ratio: 1 / 4 }]),
  (bench) => verifyCase(bench, 'repozo-gzip', [{ peer: 'repozo', ratio: 1 / 2.5 }]),
  (bench) => ({
    job: 'deep verify, gzip',
    ours: zodbvault(bench, ['verify', '--deep', ...repositoryOptions(bench, 'gzip')]),
    peers: [
      zodbvault(bench, ['verify', ...repositoryOptions(bench, 'gzip')], 'zodbvault verify'),
      { label: 'fsrefs', command: [bench.peers.python, '-m', 'ZODB.scripts.fsrefs', bench.dataFs] },
    ],
    bars: [
      { peer: 'zodbvault verify', ratio: 1, moreSeconds: (3 * bench.objectCount) / 1e6 },
      { peer: 'fsrefs', ratio: 1 },
    ],
  }),
  (bench) => ({
    job: 'nothing changed, thorough',
    ours: zodbvault(bench, [
      ...['backup', '--no-quick', '--datafs', bench.dataFs],
      ...repositoryOptions(bench, 'gzip'),
    ]),
    peers: [repozo(bench, ['-B', '-z', '-r', 'repozo-gzip', '-f', bench.dataFs])],
    bars: [{ peer: 'repozo', ratio: 1 / 4.5 }],
  }),
  (bench) => ({
    job: 'nothing changed, quick',
    ours: zodbvault(bench, [
      ...['backup', '--datafs', bench.dataFs],
      ...repositoryOptions(bench, 'gzip'),
    ]),
    peers: [repozo(bench, ['-B', '-Q', '-z', '-r', 'repozo-gzip', '-f', bench.dataFs]), NODE_START],
    bars: [{ peer: NODE_START.label, ratio: 3 }],
  }),
  (bench) => ({
    job: 'increment of 6 MB',
    ours: {
      ...zodbvault(bench, [
        ...['backup', '--datafs', bench.grownDataFs],
        ...repositoryOptions(bench, 'gzip'),
      ]),
      prepare: () => removeIncrements(join(bench.folder, 'gzip')),
    },
    peers: [
      repozo(bench, ['-B', '-Q', '-z', '-r', 'repozo-gzip', '-f', bench.grownDataFs], () =>
        removeIncrements(join(bench.folder, 'repozo-gzip')),
      ),
      NODE_START,
    ],
    bars: [incrementBar(bench)],
  }),
];

/** A quick backup may take longer than Node's own start: `.index` is written whole each time. */
export function incrementBar({ objectCount }: DataFsBench): Bar {
  return { peer: NODE_START.label, ratio: 1, moreSeconds: 0.35 + 0.2e-6 * objectCount };
}

function restoreCase(bench: DataFsBench, repository: string, bars: readonly Bar[]): Case {
  return {
    job: `restore, ${writtenBy(repository)}`,
    ours: {
      ...zodbvault(bench, [
        ...['restore', '-n', '--to', outputFile(bench)],
        ...repositoryOptions(bench, repository),
      ]),
      prepare: () => rmSync(outputFile(bench), { force: true }),
    },
    peers: [
      repozo(bench, ['-R', '-r', 'repozo-gzip', '-o', outputFile(bench)], () =>
        rmSync(outputFile(bench), { force: true }),
      ),
      copyAndSync(bench, 'gzip -d', `gzip -dc < '${fullFile(bench, repository)}' > "$2"`),
    ],
    bars,
  };
}

function verifyCase(bench: DataFsBench, repository: string, bars: readonly Bar[]): Case {
  return {
    job: `verify, ${writtenBy(repository)}`,
    ours: zodbvault(bench, ['verify', ...repositoryOptions(bench, repository)]),
    peers: [repozo(bench, ['-V', '-r', 'repozo-gzip'])],
    bars,
  };
}

function writtenBy(repository: string): string {
  return repository === 'gzip' ? 'gzip of zodbvault' : 'gzip of repozo';
}

function backupAnew(bench: DataFsBench, repository: string, words: readonly string[]): Trial {
  const folder = join(bench.folder, repository);
  return {
    ...zodbvault(bench, [
      ...['backup', '--datafs', bench.dataFs, ...words],
      ...repositoryOptions(bench, repository),
    ]),
    prepare: () => rmSync(folder, { recursive: true, force: true }),
    output: () => fullFile(bench, repository),
  };
}

/** repozo with --quick or without makes the same full backup; it syncs what it writes. */
function repozoAnew(bench: DataFsBench, repository: string, words: readonly string[]): Trial {
  const folder = join(bench.folder, repository);
  const options = ['-B', '-F', '-Q', ...words, '-r', repository, '-f', bench.dataFs];
  const prepare = () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  };
  return { ...repozo(bench, options, prepare), output: () => fullFile(bench, repository) };
}

/** Makes a repository what it was after its full backup. */
export function removeIncrements(repository: string): void {
  const full = readdirSync(repository).find((name) => /\.fsz?$/.test(name)) ?? '';
  const stamp = full.slice(0, 19);
  for (const name of readdirSync(repository)) {
    if (!name.startsWith('.') && !name.startsWith(stamp)) rmSync(join(repository, name));
  }
  const dat = join(repository, `${stamp}.dat`);
  writeFileSync(dat, readFileSync(dat, 'utf8').split('\n').slice(0, 1).concat('').join('\n'));
}
