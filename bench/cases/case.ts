import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Trial } from '../measure.ts';
import type { Peers } from '../peers.ts';
import type { DataKind } from '../workload.ts';

/** A job, our way to do it, and others' ways, all measured in turns in one session. */
export interface Case {
  readonly job: string;
  readonly ours: Trial;
  readonly peers: readonly Trial[];
  readonly bars?: readonly Bar[];
  /** Later cases need what its peers leave behind, as all need what ours does. */
  readonly isBasis?: boolean;
  /** Runs of it that are enough; absent: as many as were asked for. */
  readonly mostRuns?: number;
  /** Later cases need nothing of it. */
  readonly leavesNothing?: boolean;
}

/** What ours may take: a share of a peer's time, and seconds more than that; or so much memory. */
export interface Bar {
  /** In whose row it is shown; ours has those that need no peer. */
  readonly peer: string;
  readonly ratio?: number;
  readonly moreSeconds?: number;
  /** How much memory it may take. */
  readonly peakBytes?: number;
  /** How much larger the file may be than the peer's: 0.07 is 7 %. */
  readonly larger?: number;
}

/** Where everything of a session is. */
export interface Bench {
  readonly folder: string;
  /** The built command. */
  readonly command: string;
  readonly peers: Peers;
}

/** A Data.fs, and the repositories of its backups. */
export interface DataFsBench extends Bench {
  readonly kind: DataKind;
  readonly dataFs: string;
  /** The same Data.fs with some MB more. */
  readonly grownDataFs: string;
  readonly objectCount: number;
}

export function zodbvault(
  { command }: Bench,
  words: readonly string[],
  label = 'zodbvault',
): Trial {
  return { label, command: [process.execPath, command, ...words] };
}

export function repositoryOptions({ folder }: Bench, repository: string): readonly string[] {
  return ['--location', join(folder, repository), '-q'];
}

export function repozo(
  { peers, folder }: Bench,
  words: readonly string[],
  prepare: () => void = () => {},
): Trial {
  const program = [peers.python, '-m', 'ZODB.scripts.repozo'];
  return {
    label: 'repozo',
    command: ['sh', '-c', 'cd "$0" && exec "$@"', folder, ...program, ...words],
    prepare,
  };
}

/** The start of Node alone, which no command written in it can do without. */
export const NODE_START: Trial = { label: 'node -e 0', command: [process.execPath, '-e', '0'] };

export function shell(label: string, script: string): Trial {
  return { label, command: ['sh', '-c', `${script} > /dev/null`] };
}

export function installed({ peers }: Bench, program: string, make: () => Trial): readonly Trial[] {
  return peers.has(program) ? [make()] : [];
}

/** A shell command that makes the file `$2` of `$1`, and the sync of it. */
export function copyAndSync(bench: DataFsBench, label: string, script: string): Trial {
  return {
    label: `${label} + sync`,
    command: ['sh', '-c', `${script} && sync "$2"`, 'sh', bench.dataFs, outputFile(bench)],
    prepare: () => rmSync(outputFile(bench), { force: true }),
    output: () => outputFile(bench),
  };
}

export function outputFile({ folder }: Bench): string {
  return join(folder, 'out.fs');
}

/** The data file of the first full backup in a repository. */
export function fullFile({ folder }: Bench, repository: string): string | undefined {
  const names = readdirSync(join(folder, repository)).sort();
  const name = names.find((file) => /\.fsz?$/.test(file));
  return name === undefined ? undefined : join(folder, repository, name);
}
