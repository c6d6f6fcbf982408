import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { wholeNumber } from '../../src/cli/options/common-options.ts';
import { runCampaign, type ScenarioResult } from './campaign.ts';
import { LARGE_SCENARIOS, SCENARIOS, type Scenario } from './scenarios.ts';
import { obstacle } from './tracing.ts';

const many = wholeNumber({ minimum: 1, maximum: 1e6 });
const options = new Command('npm run torture --')
  .description('Kills the built command at every system call that matters, and lets each fail.')
  .option('--every <number>', 'try only every so many-th fault', many, 1)
  .option(
    '--from <number>',
    'move the sample of --every by so many faults',
    wholeNumber({ minimum: 0, maximum: 1e9 }),
    0,
  )
  .option(
    '--random <number>',
    'kills at random moments',
    wholeNumber({ minimum: 0, maximum: 1e6 }),
    500,
  )
  .option(
    '--large',
    'the scenarios of a Data.fs so large that threads take part, with their faults',
  )
  .option('--scenario <text>', 'only that of this name, or those with this text in it', '')
  .option('--only <text>', 'only faults with this text in their line, as "rename 3 EIO"', '')
  .option('--lanes <number>', 'scenarios at a time', many, 2)
  .option('--folder <folder>', 'where to work', tmpdir())
  .parse()
  .opts();

const reason = obstacle();
if (reason !== undefined) {
  print(`Cannot torture: ${reason}`);
  process.exit(1);
}
const folder = mkdtempSync(join(options.folder, 'zodbvault-torture-'));
try {
  const results = await runCampaign({
    scenarios: scenariosOf(options.large ? LARGE_SCENARIOS : SCENARIOS, options.scenario),
    folder,
    every: options.every,
    from: options.from,
    randomKills: options.random,
    only: options.only,
    lanes: options.lanes,
    onLine: print,
  });
  printTable(results);
  if (results.some(({ findings }) => findings.length > 0)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function scenariosOf(scenarios: readonly Scenario[], text: string): readonly Scenario[] {
  const exact = scenarios.filter(({ name }) => name === text);
  return exact.length > 0 ? exact : scenarios.filter(({ name }) => name.includes(text));
}

function printTable(results: readonly ScenarioResult[]): void {
  const sum = (of: (result: ScenarioResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  print('');
  print(
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, every fault: ${options.every}, from ${options.from}`,
  );
  print('');
  print('| scenario | calls | kills | errors | short writes | findings |');
  print('| --- | ---: | ---: | ---: | ---: | ---: |');
  for (const { scenario, calls, kills, errors, shortWrites, findings } of results) {
    print(`| ${[scenario, calls, kills, errors, shortWrites, findings.length].join(' | ')} |`);
  }
  const totals = [
    sum(({ calls }) => calls),
    sum(({ kills }) => kills),
    sum(({ errors }) => errors),
    sum(({ shortWrites }) => shortWrites),
    sum(({ findings }) => findings.length),
  ];
  print(`| all | ${totals.join(' | ')} |`);
  const missed = sum(({ missed }) => missed);
  if (missed > 0) print(`\n${missed} faults never hit their call: threads took other turns.`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
