import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** The built command; the tests that use it need `npm run build` first, as `npm test` does. */
export const COMMAND = join(import.meta.dirname, '../../dist/cli/main.js');

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly output: Buffer;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What the command reads on stdin; nothing by default. */
  readonly input?: string;
  /** Called as soon as there is something on stderr. */
  readonly onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs any program to its end. */
export function runProgram(
  program: string,
  words: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const child = spawn(program, words, {
    cwd: options.cwd,
    env: { ...process.env, TZ: 'UTC', ...options.env },
  });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    options.onStderr?.(stderr, (signal) => child.kill(signal));
  });
  child.stdin.on('error', () => {}); // A program that ends early reads nothing.
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => {
      const output = Buffer.concat(stdout);
      resolve({ status, signal, stdout: output.toString(), stderr, output });
    });
  });
}

/** Runs the built `zodbvault`. */
export function zodbvault(words: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return runProgram(process.execPath, [COMMAND, ...words], options);
}
