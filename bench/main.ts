import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { formatBytes } from '../src/cli/format/units.ts';
import { wholeNumber } from '../src/cli/options/common-options.ts';
import { BLOB_CASES, makeBlobBench } from './blob-cases.ts';
import { type Bench, CASES, type Case } from './cases.ts';
import { type Measurement, measure, median } from './measure.ts';
import { findPeers } from './peers.ts';
import { growWorkload } from './workload.ts';

/** Bytes that the increment holds. */
const INCREMENT_BYTES = 6_000_000;

const options = new Command('npm run bench --')
  .description('Measures zodbvault against other programs and prints a table in Markdown.')
  .option(
    '--size <MB>',
    'size of the Data.fs; 0: none',
    wholeNumber({ minimum: 0, maximum: 1e6 }),
    256,
  )
  .option(
    '--blobs <number>',
    'blobs of 4 kB; 0: none',
    wholeNumber({ minimum: 0, maximum: 1e7 }),
    1e5,
  )
  .option('--runs <number>', 'runs of each command', wholeNumber({ minimum: 3, maximum: 99 }), 3)
  .option('--only <text>', 'only jobs with this text in their name; earlier ones run once')
  .option('--folder <folder>', 'where to put the files', tmpdir())
  .parse()
  .opts();

const folder = mkdtempSync(join(options.folder, 'zodbvault-bench-'));
try {
  await run({
    folder,
    dataFs: join(folder, 'Data.fs'),
    grownDataFs: join(folder, 'Grown.fs'),
    command: join(import.meta.dirname, '../dist/cli/main.js'),
    peers: findPeers(),
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function run(bench: Bench): Promise<void> {
  print(
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores`,
  );
  print(
    `(${cpus()[0]?.model.trim()}), ${formatBytes(totalmem())} of memory, ${options.runs} runs of each.`,
  );
  if (options.size > 0) await measureDataFs(bench);
  if (options.blobs > 0) await measureBlobs(bench);
}

async function measureDataFs(bench: Bench): Promise<void> {
  await growWorkload(bench.dataFs, options.size * 1e6);
  copyFileSync(bench.dataFs, bench.grownDataFs);
  await growWorkload(bench.grownDataFs, INCREMENT_BYTES);
  print(`Data.fs of ${formatBytes(statSync(bench.dataFs).size)}.`);
  if (bench.peers.repozo === undefined) {
    print('repozo: not measured, as no Python here can import ZODB.');
  }
  printHead();
  for (const build of CASES) await measureCase(build(bench));
}

async function measureBlobs(bench: Bench): Promise<void> {
  const blobs = makeBlobBench(bench, options.blobs);
  print(`${options.blobs} blobs, bushy.`);
  printHead();
  for (const build of BLOB_CASES) await measureCase(build(blobs));
}

function printHead(): void {
  print('');
  print('| job | program | time | ours / its | peak memory | size |');
  print('| --- | --- | ---: | ---: | ---: | ---: |');
}

async function measureCase({ job, ours, peers, isBasis = false }: Case): Promise<void> {
  const isWanted = options.only === undefined || job.includes(options.only);
  const trials = isWanted || isBasis ? [ours, ...peers] : [ours];
  const results = new Map<object, Measurement[]>(trials.map((trial) => [trial, []]));
  // In turns, so that what else the machine does hits all of them alike.
  for (let count = isWanted ? options.runs : 1; count > 0; count--) {
    for (const trial of trials) results.get(trial)?.push(await measure(trial));
  }
  if (!isWanted) return;
  const own = median(results.get(ours) ?? []);
  for (const trial of trials) {
    const result = median(results.get(trial) ?? []);
    const cells = [
      trial === ours ? job : '',
      trial.label,
      `${result.seconds.toFixed(2)} s`,
      trial === ours ? '' : (own.seconds / result.seconds).toFixed(2),
      trial.command[0] === 'sh' ? '' : formatBytes(result.peakBytes),
      result.outputBytes === undefined ? '' : formatBytes(result.outputBytes),
    ];
    print(`| ${cells.join(' | ')} |`);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
