import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from './child.ts';
import { type Fault, MAXIMUM_BYTES } from './target.ts';

/** How one target stood it. */
export interface TargetResult {
  readonly target: string;
  readonly inputs: number;
  readonly faults: readonly Fault[];
  readonly seconds: number;
  readonly slowestMs: number;
  /** Most memory beyond what the process had before the first input. */
  readonly grownBytes: number;
}

/** An input that takes more of a processor's time hangs: a busy machine is no fault of the input. */
const DEADLINE_SECONDS = 5;
/** One that waits for something takes none. */
const WAITING_SECONDS = 60;
/** Memory that decoding may take, beside three times the input. */
const ALLOWED_BYTES = 100e6 + 3 * MAXIMUM_BYTES;
/** What V8 may leave uncollected in a heap of that size before it must give up. */
const HEAP_MB = 180;
/** A target that has shown so many is left alone. */
const MAXIMUM_FAULTS = 20;

interface Range {
  readonly seed: number;
  readonly from: number;
  readonly count: number;
}

/**
 * Feeds a target with so many inputs, in a process of its own that is killed when an input takes too long
 * or too much memory; that is a fault of the input, and the next one goes on behind it.
 */
export async function runTarget(
  target: string,
  { seed, from, count }: Range,
): Promise<TargetResult> {
  const begin = performance.now();
  const faults: Fault[] = [];
  let slowestMs = 0;
  let grownBytes = 0;
  let next = from;
  while (next < from + count && faults.length < MAXIMUM_FAULTS) {
    const run = await runChild(target, { seed, from: next, count: from + count - next });
    const fault = (number: number, what: string) => {
      faults.push({ target, seed, input: String(number), what });
    };
    for (const { number, what } of run.faults) fault(number, what);
    slowestMs = Math.max(slowestMs, run.slowestMs);
    grownBytes = Math.max(grownBytes, run.grownBytes);
    if (run.ended === 'done') {
      next = from + count;
      break;
    }
    const culprit = await findCulprit(target, { seed, from: run.at, until: from + count });
    fault(culprit.number, culprit.what ?? `${run.ended}, but not when it is tried alone`);
    next = culprit.number + 1;
  }
  const seconds = (performance.now() - begin) / 1000;
  return { target, inputs: next - from, faults, seconds, slowestMs, grownBytes };
}

/** Which input it was: the last word of a killed process is a little old. */
async function findCulprit(
  target: string,
  { seed, from, until }: { readonly seed: number; readonly from: number; readonly until: number },
): Promise<{ readonly number: number; readonly what: string | undefined }> {
  let [low, high] = [from, Math.min(until, from + 100_000)];
  // Halves that end well hold no culprit.
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const run = await runChild(target, { seed, from: low, count: middle - low });
    if (run.ended === 'done') low = middle;
    else high = Math.max(middle, low + 1);
  }
  const alone = await runChild(target, { seed, from: low, count: 1 });
  return { number: low, what: alone.ended === 'done' ? undefined : alone.ended };
}

interface ChildRun {
  readonly ended: 'done' | 'hangs' | 'takes too much memory' | 'the process ended';
  readonly at: number;
  readonly faults: readonly { readonly number: number; readonly what: string }[];
  readonly slowestMs: number;
  readonly grownBytes: number;
}

function runChild(target: string, { seed, from, count }: Range): Promise<ChildRun> {
  const words = [target, seed, from, count].map(String);
  const child = fork(join(import.meta.dirname, 'child.ts'), words, {
    execArgv: [
      '--import',
      'tsx',
      '--expose-gc',
      `--max-old-space-size=${HEAP_MB}`,
      '--max-semi-space-size=2',
    ],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    let ended: ChildRun['ended'] = 'the process ended';
    let at = from;
    let base: number | undefined;
    let slowestMs = 0;
    let grownBytes = 0;
    const faults: { number: number; what: string }[] = [];
    let heard = { at: performance.now(), busy: 0 };
    const stop = (why: ChildRun['ended']) => {
      ended = why;
      child.kill('SIGKILL');
    };
    const timer = setInterval(() => {
      if (base === undefined) return;
      grownBytes = Math.max(grownBytes, (peakOf(child.pid) ?? base) - base);
      if (grownBytes > ALLOWED_BYTES) stop('takes too much memory');
      else if (
        (busySeconds(child.pid) ?? heard.busy) - heard.busy > DEADLINE_SECONDS ||
        performance.now() - heard.at > WAITING_SECONDS * 1000
      )
        stop('hangs');
    }, 50);
    child.on('message', (report: Report) => {
      heard = { at: performance.now(), busy: busySeconds(child.pid) ?? heard.busy };
      switch (report.kind) {
        case 'ready':
          base = peakOf(child.pid) ?? report.rss;
          return;
        case 'at':
          at = report.number;
          slowestMs = report.slowestMs;
          return;
        case 'fault':
          faults.push({ number: report.number, what: report.what });
          if (faults.length >= MAXIMUM_FAULTS) stop('done');
          return;
        case 'done':
          ended = 'done';
          slowestMs = report.slowestMs;
          return;
        default:
          report satisfies never;
      }
    });
    child.once('error', reject);
    child.once('exit', () => {
      clearInterval(timer);
      resolve({ ended, at, faults, slowestMs, grownBytes });
    });
  });
}

/** Time of processors that the process has had (proc(5), stat; a tick is 10 ms); undefined when it has ended. */
function busySeconds(pid: number | undefined): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
    return (Number(fields?.[11]) + Number(fields?.[12])) / 100;
  } catch {
    return undefined;
  }
}

/** Most memory that the process ever had at once, in bytes; undefined when it has ended. */
function peakOf(pid: number | undefined): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
