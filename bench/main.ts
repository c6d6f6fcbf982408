import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { formatBytes } from '../src/cli/format/units.ts';
import { wholeNumber } from '../src/cli/options/common-options.ts';
import { BLOB_CASES, makeBlobBench } from './cases/blob-cases.ts';
import type { Bar, Bench, Case, DataFsBench } from './cases/case.ts';
import { CHAIN_CASES, makeChains, START_CASES } from './cases/chain-cases.ts';
import {
  BLOB_COPY_CASES,
  COPY_CASES,
  makeBlobCopyBench,
  makeCopyBench,
  startServers,
} from './cases/copy-cases.ts';
import { DATA_FS_CASES } from './cases/data-fs-cases.ts';
import { hugeCases, makeHugeBench } from './cases/huge-cases.ts';
import { makePageBench, PAGE_CASES } from './cases/page-cases.ts';
import { STATE_CASES } from './cases/state-cases.ts';
import { type Measurement, measure, median } from './measure.ts';
import { installPeers } from './peers.ts';
import { type DataKind, growWorkload } from './workload.ts';

/** Bytes that the increment holds. */
const INCREMENT_BYTES = 6_000_000;

const options = new Command('npm run bench --')
  .description('Measures zodbvault against other programs and prints tables in Markdown.')
  .option(
    '--size <MB>',
    'size of each Data.fs; 0: none',
    wholeNumber({ minimum: 0, maximum: 1e6 }),
    256,
  )
  .option(
    '--blobs <number>',
    'blobs of 4 kB; 0: none',
    wholeNumber({ minimum: 0, maximum: 1e7 }),
    1e5,
  )
  .option(
    '--huge <GB>',
    'only the memory of each command on a Data.fs of so many GB, for which four times its size must be free',
    wholeNumber({ minimum: 1, maximum: 1000 }),
  )
  .option('--copies', 'only copies to Ceph and OpenSSH on this machine, beside rclone')
  .option('--no-chains', 'no chain of a thousand increments')
  .option('--no-pages', 'no folders of pages, which the Zope of a Plone makes')
  .addOption(
    new Option(
      '--data <kind>',
      'what objects hold (default: one Data.fs with text, and one incompressible)',
    ).choices(['text', 'incompressible', 'small'] as const),
  )
  .option('--runs <number>', 'runs of each command', wholeNumber({ minimum: 1, maximum: 99 }), 5)
  .option('--only <text>', 'only jobs with this text in their name; earlier ones run once')
  .option('--folder <folder>', 'where to put the files', tmpdir())
  .parse()
  .opts();

const folder = mkdtempSync(join(options.folder, 'zodbvault-bench-'));
try {
  const command = join(import.meta.dirname, '../dist/cli/main.js');
  await run({ folder, command, peers: installPeers() });
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
  if (options.huge !== undefined) {
    const huge = await makeHugeBench(bench, {
      bytes: options.huge * 1e9,
      kind: options.data ?? 'text',
    });
    const { objectCount, supersededCount } = huge;
    const size = formatBytes(statSync(huge.dataFs).size);
    const title = `Data.fs of ${size}, ${objectCount} objects, ${supersededCount} superseded records.`;
    await measureCases(title, huge, hugeCases(INCREMENT_BYTES));
    return;
  }
  if (options.copies) {
    await measureCopies(bench);
    return;
  }
  const kinds = options.data === undefined ? (['text', 'incompressible'] as const) : [options.data];
  for (const kind of options.size > 0 ? kinds : []) await measureDataFs(bench, kind);
  if (options.chains) {
    await makeChains(bench);
    await measureCases('Starts, and chains of increments.', bench, [
      ...START_CASES,
      ...CHAIN_CASES,
    ]);
  }
  if (options.pages) {
    await measureCases('Folders of pages, made by Zope.', makePageBench(bench), PAGE_CASES);
  }
  if (options.blobs > 0) {
    const blobs = makeBlobBench(bench, options.blobs);
    await measureCases(`${options.blobs} blobs, bushy.`, blobs, BLOB_CASES);
  }
}

async function measureDataFs(session: Bench, kind: DataKind): Promise<void> {
  const inside = join(session.folder, kind);
  mkdirSync(inside);
  const dataFs = join(inside, 'Data.fs');
  const grownDataFs = join(inside, 'Grown.fs');
  const objectCount = await growWorkload(dataFs, { kind, bytes: options.size * 1e6 });
  copyFileSync(dataFs, grownDataFs);
  await growWorkload(grownDataFs, { kind, bytes: INCREMENT_BYTES });
  const bench: DataFsBench = { ...session, folder: inside, kind, dataFs, grownDataFs, objectCount };
  const size = formatBytes(statSync(dataFs).size);
  await measureCases(`Data.fs of ${size}, ${objectCount} objects, ${kind}.`, bench, [
    ...DATA_FS_CASES,
    ...STATE_CASES,
  ]);
  rmSync(inside, { recursive: true });
}

async function measureCopies(session: Bench): Promise<void> {
  const { blobs } = options;
  const bytes = options.size * 1e6;
  await using servers = await startServers(session, { bytes, blobs });
  if (bytes > 0) {
    const bench = await makeCopyBench(session, { servers, bytes });
    const size = formatBytes(statSync(bench.original).size);
    await measureCases(`Copies of a Data.fs of ${size}, not compressed.`, bench, COPY_CASES);
  }
  if (blobs > 0) {
    const bench = await makeBlobCopyBench(session, { servers, blobs });
    await measureCases(`Copies of ${blobs} blobs.`, bench, BLOB_COPY_CASES);
  }
}

async function measureCases<Of>(
  title: string,
  bench: Of,
  cases: readonly ((bench: Of) => Case)[],
): Promise<void> {
  print(`\n${title}\n`);
  print('| job | program | time | ours / its | bar | peak memory | size |');
  print('| --- | --- | ---: | ---: | --- | ---: | ---: |');
  for (const build of cases) await measureCase(build(bench));
}

async function measureCase({
  job,
  ours,
  peers,
  bars = [],
  isBasis = false,
  leavesNothing = false,
  mostRuns = options.runs,
}: Case): Promise<void> {
  const isWanted = options.only === undefined || job.includes(options.only);
  if (!isWanted && leavesNothing) return;
  const trials = isWanted || isBasis ? [ours, ...peers] : [ours];
  const results = new Map<object, Measurement[]>(trials.map((trial) => [trial, []]));
  // In turns, so that what else the machine does hits all of them alike.
  for (let count = isWanted ? Math.min(options.runs, mostRuns) : 1; count > 0; count--) {
    for (const trial of trials) results.get(trial)?.push(await measure(trial));
  }
  if (!isWanted) return;
  const own = median(results.get(ours) ?? []);
  for (const trial of trials) {
    const result = median(results.get(trial) ?? []);
    const bar = bars.find(({ peer }) => peer === trial.label);
    const cells = [
      trial === ours ? job : '',
      trial.label,
      `${result.seconds.toFixed(2)} s`,
      trial === ours ? '' : (own.seconds / result.seconds).toFixed(2),
      bar === undefined ? '' : judge(bar, own, result),
      formatBytes(result.peakBytes),
      result.outputBytes === undefined ? '' : formatBytes(result.outputBytes),
    ];
    print(`| ${cells.join(' | ')} |`);
  }
}

/** The bar, and whether it is met: `met: <= 0.8`. */
function judge(
  { ratio, moreSeconds = 0, peakBytes, larger }: Bar,
  own: Measurement,
  peer: Measurement,
): string {
  const limits: string[] = [];
  let isMet = true;
  if (ratio !== undefined) {
    limits.push(`<= ${Number(ratio.toFixed(3))}`);
    isMet = own.seconds <= ratio * peer.seconds + moreSeconds;
  }
  if (moreSeconds > 0) limits.push(`+ ${moreSeconds.toFixed(2)} s`);
  if (peakBytes !== undefined) {
    isMet &&= own.peakBytes <= peakBytes;
    const isAlone = ratio === undefined;
    limits.push(`${isAlone ? '<= ' : ''}${formatBytes(peakBytes)} of memory`);
  }
  if (larger !== undefined) {
    const growth = (own.outputBytes ?? 0) / (peer.outputBytes ?? 1) - 1;
    isMet &&= growth <= larger;
    limits.push(
      `size ${(100 * growth).toFixed(1)} % of <= ${Number((100 * larger).toFixed(1))} % more`,
    );
  }
  return `${isMet ? 'met' : 'MISSED'}: ${limits.join(' ')}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
