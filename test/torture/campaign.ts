import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { randomFrom } from '../../src/demo/random.ts';
import { type Call, describeTracee } from './calls.ts';
import { type Fault, faultsAt, faultsOfThreads } from './faults.ts';
import { type Expectation, expectationOf, judge } from './judge.ts';
import type { Scenario } from './scenarios.ts';
import { countCalls, runWithFault } from './tracing.ts';
import { copyFolder } from './workplace.ts';

export interface CampaignSettings {
  readonly scenarios: readonly Scenario[];
  /** A folder that is there, for everything. */
  readonly folder: string;
  /** Only every so many-th fault of all is tried. */
  readonly every: number;
  /** How far the first one of them is moved: which faults a sample has. */
  readonly from: number;
  /** Kills at random moments, over all scenarios. */
  readonly randomKills: number;
  /** Only faults whose description contains this. */
  readonly only: string;
  /** Scenarios at a time. */
  readonly lanes: number;
  readonly onLine: (line: string) => void;
}

/** A fault that a scenario did not stand. */
export interface Finding {
  readonly fault: string;
  readonly problems: readonly string[];
}

export interface ScenarioResult {
  readonly scenario: string;
  /** System calls of the kinds that are tortured, in one run. */
  readonly calls: number;
  readonly kills: number;
  readonly errors: number;
  readonly shortWrites: number;
  /** Faults that never hit their call, and so say nothing. */
  readonly missed: number;
  readonly findings: readonly Finding[];
}

/** How often a fault is tried that doesn't hit its call: threads take turns as they like. */
const ATTEMPTS = 10;

/** Bytes beyond which no file may grow, of which each scenario meets each. */
const LIMITS = [0, 1, 40, 100, 700, 2000, 4096, 5000, 6000, 10_240, 15_000];

/** Tortures scenario after scenario, several at a time. */
export async function runCampaign(settings: CampaignSettings): Promise<readonly ScenarioResult[]> {
  const waiting = [...settings.scenarios.entries()];
  const results: ScenarioResult[] = [];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [number, scenario] = next;
      results.push(await tortureScenario(scenario, { number, settings }));
    }
  };
  await Promise.all(Array.from({ length: settings.lanes }, lane));
  const order = settings.scenarios.map(({ name }) => name);
  return results.sort((a, b) => order.indexOf(a.scenario) - order.indexOf(b.scenario));
}

async function tortureScenario(
  scenario: Scenario,
  { number, settings }: { readonly number: number; readonly settings: CampaignSettings },
): Promise<ScenarioResult> {
  const folder = join(settings.folder, scenario.name);
  mkdirSync(folder);
  const site = join(folder, 'site');
  const template = join(folder, 'template');
  const prepared = await scenario.prepare(site);
  await copyFolder(site, template);
  const reset = () => copyFolder(template, site);
  const copy = join(folder, 'copy');
  // A second that no backup was made in, and that is over when the next run begins.
  const at = new Date(Math.ceil(Date.now() / 1000) * 1000);
  const expectation = await expectationOf(prepared, { verb: scenario.verb, copy, reset });
  const trace = join(folder, 'trace');
  const calls = await countCalls(prepared.command, { folder: trace, site, at });
  const { milliseconds } = expectation;
  const faults = chooseFaults(calls, { scenario, number, settings, milliseconds });
  settings.onLine(`${scenario.name}: ${calls.length} calls, ${faults.length} faults`);
  const findings: Finding[] = [];
  const counts = { kills: 0, errors: 0, shortWrites: 0, missed: 0 };
  for (const [done, fault] of faults.entries()) {
    if (done > 0 && done % 100 === 0) settings.onLine(`${scenario.name}: ${done} done`);
    const { problems, isMissed } = await tortureOnce(expectation, { fault, trace, at, reset });
    counts[countedAs(fault)] += 1;
    if (isMissed) {
      counts.missed += 1;
      settings.onLine(`${scenario.name}: never hit: ${describeFault(fault)}`);
    }
    if (problems.length === 0) continue;
    findings.push({ fault: describeFault(fault), problems });
    settings.onLine(
      `FAULT ${scenario.name}: ${describeFault(fault)}\n    ${problems.join('\n    ')}`,
    );
  }
  rmSync(folder, { recursive: true, force: true });
  settings.onLine(`${scenario.name}: done, ${findings.length} findings`);
  return { scenario: scenario.name, calls: calls.length, ...counts, findings };
}

async function tortureOnce(
  expectation: Expectation,
  {
    fault,
    trace,
    at,
    reset,
  }: {
    readonly fault: Fault;
    readonly trace: string;
    readonly at: Date;
    readonly reset: () => Promise<void>;
  },
): Promise<{ readonly problems: readonly string[]; readonly isMissed: boolean }> {
  const { command, site } = expectation.prepared;
  try {
    let tried = fault;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      await reset();
      const ended = await runWithFault(command, { fault: tried, folder: trace, site, at });
      if (ended.hit.kind === 'as-planned') {
        return { problems: await judge(expectation, { fault, ended }), isMissed: false };
      }
      tried = withNumber(fault, ended.hit.number);
    }
    // Node aborts where the kernel refuses to wake its own threads: no disk does that.
    return { problems: [], isMissed: true };
  } catch (error) {
    return { problems: [String(error)], isMissed: false };
  }
}

function withNumber(fault: Fault, number: number): Fault {
  return 'call' in fault ? { ...fault, call: { ...fault.call, number } } : fault;
}

function chooseFaults(
  calls: readonly Call[],
  {
    scenario,
    number,
    settings: { scenarios, every, from, randomKills, only },
    milliseconds,
  }: {
    readonly scenario: Scenario;
    readonly number: number;
    readonly settings: CampaignSettings;
    readonly milliseconds: number;
  },
): readonly Fault[] {
  const atCalls = calls.flatMap(faultsAt);
  const limits = LIMITS.map((bytes): Fault => ({ kind: 'limit', bytes }));
  const random = randomFrom(number + 1);
  const share = Math.ceil((randomKills - number) / scenarios.length);
  const kills = Array.from({ length: Math.max(0, share) }, (): Fault => {
    return { kind: 'kill-after', milliseconds: random.below(Math.ceil(milliseconds)) };
  });
  // Those that are chosen differ from scenario to scenario, so that a sample has some of all kinds.
  const chosen = atCalls.filter((_, index) => (index + number + from) % every === 0);
  const short = limits.filter(
    (_, index) => (index + number + from) % Math.min(every, limits.length) === 0,
  );
  const ofThreads = (scenario.threads ?? []).flatMap(faultsOfThreads);
  return [...chosen, ...short, ...kills, ...ofThreads].filter((fault) =>
    describeFault(fault).includes(only),
  );
}

export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill-after':
      return `SIGKILL after ${fault.milliseconds} ms`;
    case 'limit':
      return `files limited to ${fault.bytes} bytes`;
    case 'thread':
      return `thread of ${fault.work} ${fault.fault} at block ${fault.block}`;
    case 'kill':
    case 'die':
    case 'error': {
      const { tracee, syscall, number, path } = fault.call;
      const what =
        fault.kind === 'error' ? fault.errno : fault.kind === 'kill' ? 'SIGKILL' : 'dies';
      return `${describeTracee(tracee)} ${syscall} ${number} ${what} (${path})`;
    }
    default:
      return fault satisfies never;
  }
}

function countedAs({ kind }: Fault): 'kills' | 'errors' | 'shortWrites' {
  if (kind === 'limit') return 'shortWrites';
  return kind === 'error' || kind === 'thread' ? 'errors' : 'kills';
}
