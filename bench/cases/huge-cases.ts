import { mkdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type HugeDataFs, makeHugeDataFs } from '../huge-workload.ts';
import type { Trial } from '../measure.ts';
import { type DataKind, growWorkload } from '../workload.ts';
import {
  type Bench,
  type Case,
  type DataFsBench,
  NODE_START,
  outputFile,
  repositoryOptions,
  zodbvault,
} from './case.ts';
import { incrementBar, removeIncrements } from './data-fs-cases.ts';
import { momentOfIncrement, ourLoads, stampOfFull } from './state-cases.ts';

/** What a command may have in memory: so much, and so much more for each object and each superseded record. */
const [BASE_BYTES, BYTES_PER_OBJECT, BYTES_PER_SUPERSEDED] = [160e6, 40, 8];

/** A Data.fs that is large enough to show what memory each object costs. It grows in its place, for the increment. */
export interface HugeBench extends DataFsBench, HugeDataFs {}

export async function makeHugeBench(
  session: Bench,
  { bytes, kind }: { readonly bytes: number; readonly kind: DataKind },
): Promise<HugeBench> {
  const folder = join(session.folder, 'huge');
  mkdirSync(folder);
  const dataFs = join(folder, 'Data.fs');
  const made = await makeHugeDataFs(dataFs, { bytes, kind });
  return { ...session, ...made, folder, kind, dataFs, grownDataFs: dataFs };
}

/** The cases in the order in which they must be measured. Only their memory is limited, but for the increment. */
export function hugeCases(incrementBytes: number): readonly ((bench: HugeBench) => Case)[] {
  return [
    (bench) => memoryCase(bench, 'full, plain', backup(bench, 'plain', ['--no-gzip'])),
    (bench) => memoryCase(bench, 'full, gzip by ISA-L', backup(bench, 'gzip', [])),
    (bench) => memoryCase(bench, 'nothing changed, quick', again(bench, [])),
    (bench) => memoryCase(bench, 'nothing changed, thorough', again(bench, ['--no-quick'])),
    (bench) => incrementCase(bench, incrementBytes),
    (bench) => memoryCase(bench, 'list', looking(bench, ['list'])),
    (bench) => memoryCase(bench, 'show', looking(bench, ['show'])),
    (bench) => memoryCase(bench, 'log', looking(bench, ['log'])),
    (bench) => memoryCase(bench, 'diff', looking(bench, ['diff', stampOfFull(bench)])),
    (bench) => memoryCase(bench, 'open, 1000 loads', loads(bench)),
    (bench) => memoryCase(bench, 'verify', looking(bench, ['verify'])),
    (bench) => memoryCase(bench, 'verify --deep', looking(bench, ['verify', '--deep'])),
    (bench) => memoryCase(bench, 'restore', restore(bench, [])),
    (bench) => memoryCase(bench, 'restore to a moment', restore(bench, [momentOfIncrement(bench)])),
    (bench) =>
      memoryCase(bench, 'test-restore', looking(bench, ['test-restore', '--in', bench.folder])),
  ];
}

function memoryCase(bench: HugeBench, job: string, ours: Trial): Case {
  return { job, ours, peers: [], bars: [memoryBar(bench, ours)], mostRuns: 1 };
}

function memoryBar({ objectCount, supersededCount }: HugeBench, { label }: Trial) {
  const peakBytes =
    BASE_BYTES + BYTES_PER_OBJECT * objectCount + BYTES_PER_SUPERSEDED * supersededCount;
  return { peer: label, peakBytes };
}

function backup(bench: HugeBench, repository: string, words: readonly string[]): Trial {
  const options = ['--datafs', bench.dataFs, ...words, ...repositoryOptions(bench, repository)];
  return zodbvault(bench, ['backup', ...options]);
}

function again(bench: HugeBench, words: readonly string[]): Trial {
  return backup(bench, 'gzip', words);
}

/** Of the Data.fs, which has grown when the case has been built. */
function incrementCase(bench: HugeBench, incrementBytes: number): Case {
  const { size } = statSync(bench.dataFs);
  const ours: Trial = {
    ...again(bench, []),
    prepare: async () => {
      removeIncrements(join(bench.folder, 'gzip'));
      if (statSync(bench.dataFs).size > size) return;
      await growWorkload(bench.dataFs, { kind: bench.kind, bytes: incrementBytes });
    },
  };
  const bars = [memoryBar(bench, ours), incrementBar(bench)];
  return { job: 'increment of 6 MB', ours, peers: [NODE_START], bars };
}

function looking(bench: HugeBench, words: readonly string[]): Trial {
  return zodbvault(bench, [...words, ...repositoryOptions(bench, 'gzip')]);
}

function loads(bench: HugeBench): Trial {
  return ourLoads(bench, {
    words: repositoryOptions(bench, 'gzip'),
    loadCount: 1000,
  });
}

function restore(bench: HugeBench, moment: readonly string[]): Trial {
  return {
    ...looking(bench, ['restore', '-n', ...moment, '--to', outputFile(bench)]),
    prepare: () => rm(outputFile(bench), { force: true }),
  };
}
