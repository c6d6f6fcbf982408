import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

/** One way to do a job: a command line, and what has to be put right before each run of it. */
export interface Trial {
  readonly label: string;
  readonly command: readonly [program: string, ...words: string[]];
  readonly prepare?: () => Promise<void> | void;
  /** The file that it makes, if its size is worth knowing; asked when it has run. */
  readonly output?: () => string | undefined;
  /** It prints as JSON what it has measured itself: `seconds` and `peakBytes`. */
  readonly isReporting?: true;
}

/** What one run took. */
export interface Measurement {
  readonly seconds: number;
  /** The largest resident memory (VmHWM of Linux) of the program and of those that it has started, added up while they run. */
  readonly peakBytes: number;
  readonly outputBytes: number | undefined;
}

const LOOK_EVERY_MS = 10;

/** Runs the command once; an error if it fails: a job that was not done takes no time. */
export async function measure({
  command,
  prepare,
  output,
  isReporting,
}: Trial): Promise<Measurement> {
  await prepare?.();
  const [program, ...words] = command;
  const since = process.hrtime.bigint();
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let report = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (isReporting) report += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  let peakBytes = 0;
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakOf(child.pid));
  }, LOOK_EVERY_MS);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const seconds = Number(process.hrtime.bigint() - since) / 1e9;
  clearInterval(timer);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${errors}`);
  const made = output?.();
  return {
    seconds,
    peakBytes,
    outputBytes: made === undefined ? undefined : statSync(made).size,
    ...(isReporting && (JSON.parse(report) as Pick<Measurement, 'seconds' | 'peakBytes'>)),
  };
}

/** The middle one by time; of an even number the better of the two. The largest peak of all. */
export function median(measurements: readonly Measurement[]): Measurement {
  const sorted = [...measurements].sort((a, b) => a.seconds - b.seconds);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) throw new RangeError('nothing was measured');
  return { ...middle, peakBytes: Math.max(...sorted.map((one) => one.peakBytes)) };
}

/**
 * The peaks of a process and of its descendants, as far as they are still running. One that has just been started has the
 * memory and the command line of its parent, until its own program begins: it doesn't count yet.
 */
function peakOf(pid: number | undefined, parent?: string): number {
  if (pid === undefined) return 0;
  try {
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    if (commandLine === parent) return 0;
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const bytes = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children
      .split(' ')
      .filter((child) => child !== '')
      .reduce((sum, child) => sum + peakOf(Number(child), commandLine), bytes);
  } catch {
    return 0; // It has just ended.
  }
}
