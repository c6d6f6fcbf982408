import { writeFileSync } from 'node:fs';
import { Command } from '@commander-js/extra-typings';
import { wholeNumber } from '../../src/cli/options/common-options.ts';
import { randomFrom } from '../../src/demo/random.ts';
import { runTarget, type TargetResult } from './campaign.ts';
import { corpusOf, type Fault, inputOf, tryInput } from './target.ts';
import { makeTargets } from './targets.ts';

const whole = wholeNumber({ minimum: 0, maximum: 999_999_999 });
const options = new Command('npm run fuzz --')
  .description('Feeds every decoder with changed inputs: no answer but a result or our failure.')
  .option('--count <number>', 'inputs in all', whole, 1_050_000)
  .option('--target <name>', 'this target alone, with all of them')
  .option('--seed <number>', 'the random numbers; the same inputs for the same seed', whole)
  .option('--input <number>', 'this input alone, of --target and --seed', whole)
  .option('--save <file>', 'write the bytes of --input to a file')
  .parse()
  .opts();

const targets = (await makeTargets()).filter(
  ({ name }) => options.target === undefined || name === options.target,
);
const seed = options.seed ?? Math.floor(Math.random() * 1e6);
print(`--seed ${seed}`);

if (options.save !== undefined && targets[0] !== undefined) {
  writeFileSync(options.save, inputOf(targets[0], { seed, number: options.input ?? 0 }));
}
const kept: Fault[] = [];
for (const target of targets) {
  for (const [name, input] of corpusOf(target.name)) {
    const what = await tryInput(target, { input: Buffer.from(input), random: randomFrom(seed) });
    if (what !== undefined) kept.push({ target: target.name, seed, input: `seeds/${name}`, what });
  }
}
for (const fault of kept) tell(fault);
const weights = targets.reduce((sum, { weight }) => sum + weight, 0);
const results: TargetResult[] = [];
for (const { name, weight } of targets) {
  const share = Math.ceil((options.count * weight) / weights);
  const range =
    options.input === undefined ? { from: 0, count: share } : { from: options.input, count: 1 };
  const result = await runTarget(name, { seed, ...range });
  results.push(result);
  for (const fault of result.faults) tell(fault);
  print(rowOf(result));
}
printTable(results);
if (kept.length > 0 || results.some(({ faults }) => faults.length > 0)) process.exitCode = 1;

function tell({ target, seed: of, input, what }: Fault): void {
  print(`FAULT --target ${target} --seed ${of} --input ${input}: ${what}`);
}

function printTable(all: readonly TargetResult[]): void {
  const inputs = all.reduce((sum, one) => sum + one.inputs, 0);
  const faults = all.reduce((sum, one) => sum + one.faults.length, kept.length);
  print(`\n${new Date().toISOString().slice(0, 10)}, Node ${process.version}, seed ${seed}\n`);
  print('| target | inputs | faults | slowest, ms | memory, MB | seconds |');
  print('| --- | ---: | ---: | ---: | ---: | ---: |');
  for (const result of all) print(rowOf(result));
  print(`| all | ${inputs} | ${faults} | | | |`);
}

function rowOf({ target, inputs, faults, seconds, slowestMs, grownBytes }: TargetResult): string {
  const figures = [slowestMs.toFixed(0), (grownBytes / 1e6).toFixed(0), seconds.toFixed(0)];
  return `| ${[target, inputs, faults.length, ...figures].join(' | ')} |`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
