import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Failure } from '../failure.ts';
import type { Hint } from '../remedy.ts';
import type { Stage } from '../streams/pipeline.ts';
import { ProcessTree } from './process-tree.ts';

/** A program of another package, and how it is called. */
export interface Program {
  /** Absolute path. */
  readonly path: string;
  readonly arguments: readonly string[];
  /** Variables beside this process's own. By default, messages come in English: some are read. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where it runs; by default, where this process does. */
  readonly directory?: string;
}

/** The absolute path of an executable on the PATH, or on another one, or undefined. */
export async function findProgram(
  name: string,
  { searchPath = process.env['PATH'] ?? STANDARD_PATH }: { readonly searchPath?: string } = {},
): Promise<string | undefined> {
  for (const directory of searchPath.split(delimiter)) {
    if (directory === '') continue;
    const path = join(directory, name);
    const isFile = await stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isFile && isExecutable) return path;
  }
  return undefined;
}

/** What a shell goes by where the environment has no PATH at all. */
const STANDARD_PATH = '/usr/local/bin:/usr/bin:/bin';

/** How a program ended, and what it said to stderr. */
export interface ProgramEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

/** A program that runs. */
export interface RunningProgram {
  readonly stdin: Writable;
  readonly stdout: AsyncIterable<Uint8Array>;
  /** Failure `program` where it couldn't be started. */
  readonly ended: Promise<ProgramEnd>;
  readonly kill: () => void;
  /** Ends it at once, even if it hangs: for one that has nothing to finish. */
  readonly destroy: () => void;
  /**
   * The same, with what it has started itself, and waits for that: {@link ProcessTree.end}. What lives on with its pipes
   * all the same is not waited for.
   */
  readonly abandon: () => Promise<void>;
}

/** Those that run: whoever ends this process at once must not leave them behind. */
const alive = new Set<ChildProcess>();
/** Those that were asked to end, with what they have started. */
const ending = new Set<ProcessTree>();

/** Kills all programs that this process has started and that still run, with what they have started. */
export function killPrograms(): void {
  for (const { pid } of alive) if (pid !== undefined) new ProcessTree(pid).kill();
  for (const tree of ending) tree.kill();
}

/** Bytes of stderr that are kept, from its end. */
const ERROR_BYTES = 1 << 20;

const ENGLISH = { LC_ALL: 'C' };

/** Starts a program, without a shell. The caller reads `stdout` to its end. */
export function startProgram({
  path,
  arguments: argv,
  environment = ENGLISH,
  directory,
}: Program): RunningProgram {
  const child = spawn(path, argv, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
    cwd: directory,
  });
  alive.add(child);
  child.once('exit', () => alive.delete(child)).once('error', () => alive.delete(child));
  let errors = Buffer.alloc(0);
  child.stderr.on('data', (chunk: Buffer) => {
    errors = Buffer.concat([errors, chunk]).subarray(-ERROR_BYTES);
  });
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.once('error', (error) => reject(programFailure(path, error.message)));
    child.once('close', (status, signal) => resolve({ status, signal, errors: errors.toString() }));
  });
  ended.catch(() => {}); // The caller awaits it.
  child.stdin.on('error', () => {}); // It tells by its exit status why it reads no more.
  const letGo = () => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const abandon = async () => {
    if (!alive.has(child) || child.pid === undefined) return letGo();
    child.once('exit', letGo);
    const tree = new ProcessTree(child.pid);
    ending.add(tree);
    await tree.end();
    ending.delete(tree);
  };
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended,
    kill: () => child.kill(),
    destroy: () => child.kill('SIGKILL'),
    abandon,
  };
}

/**
 * Runs a program to its end; what it prints goes to `onOutput` as it comes. It reads `input`, or
 * nothing. When `signal` is aborted, it has to end, with what it has started; that is the failure then.
 */
export async function runProgram(
  program: Program,
  {
    input,
    onOutput,
    signal,
  }: {
    readonly input?: Uint8Array | undefined;
    readonly onOutput: (chunk: Uint8Array) => void;
    readonly signal: AbortSignal;
  },
): Promise<ProgramEnd> {
  signal.throwIfAborted();
  const running = startProgram(program);
  let abandoned: Promise<void> | undefined;
  const abandon = () => {
    abandoned = running.abandon();
  };
  signal.addEventListener('abort', abandon, { once: true });
  try {
    running.stdin.end(input);
    for await (const chunk of running.stdout) onOutput(chunk);
    return await running.ended;
  } finally {
    signal.removeEventListener('abort', abandon);
    await abandoned;
    signal.throwIfAborted();
  }
}

/**
 * Sends bytes through a program's standard input and gives what it prints. Failure `program` where
 * it can't be started, is killed, or ends with a status other than 0, whatever it printed before.
 *
 * @param unread - whether it may end well before it has read everything: tar stops where its archive
 *   ends, and may be gone before its input is closed
 */
export function throughProgram(
  program: Program,
  { unread = 'refuse' }: { readonly unread?: 'refuse' | 'accept' } = {},
): Stage {
  return async function* (source) {
    const { path } = program;
    const { stdin, stdout, ended, kill } = startProgram(program);
    const feeding = feed(source, stdin);
    feeding.catch(kill);
    try {
      for await (const chunk of stdout) yield chunk;
      const taken = await feeding;
      const end = await ended;
      if (end.status !== 0)
        throw failureOfEnd(end, {
          what: `Cannot run "${path}"`,
          hint: RUN_BY_HAND,
        });
      if (taken === 'in-part' && unread === 'refuse') {
        throw programFailure(path, 'it ended before it had read everything');
      }
    } finally {
      kill();
    }
  };
}

/** Bytes that wait for the program, so that it has some while the next ones are made. */
const QUEUE_BYTES = 2 << 20;

/** Whether the program took all of it. One that dies closes its end; its exit status tells more. */
async function feed(
  source: AsyncIterable<Uint8Array>,
  stdin: Writable,
): Promise<'whole' | 'in-part'> {
  const closed = finished(stdin).then(
    () => 'whole' as const,
    () => 'in-part' as const,
  );
  for await (const chunk of source) {
    if (stdin.destroyed) return closed;
    stdin.write(chunk);
    if (stdin.writableLength > QUEUE_BYTES) {
      await Promise.race([new Promise((resolve) => stdin.once('drain', resolve)), closed]);
    }
  }
  stdin.end();
  return closed;
}

/** What a failure says beside how a program has ended. */
interface FailureWords {
  /** The beginning of the message: `Cannot read the crontab`. */
  readonly what: string;
  readonly hint: Hint;
  readonly code?: 'program' | 'system';
}

/** The failure of a program that ended badly: how it ended, and the last line of what it said. */
export function failureOfEnd(
  { status, signal, errors }: ProgramEnd,
  { what, hint, code = 'program' }: FailureWords,
): Failure {
  const how = signal === null ? `it ended with status ${status}` : `it was killed by ${signal}`;
  const said = errors.trim().split('\n').at(-1);
  return new Failure(code, `${what}: ${said ? `${how}: ${said}` : how}`, { hint });
}

/** The failure of a program that says nothing about itself. */
function programFailure(path: string, state: string): Failure {
  return new Failure('program', `Cannot run "${path}": ${state}`, { hint: RUN_BY_HAND });
}

const RUN_BY_HAND = 'Run it by hand to see what is wrong, or do without it.';

/** The absolute path of a program that is needed. Failure `program` where it isn't installed. */
export async function requireProgram(
  name: string,
  { hint }: { readonly hint: Hint },
): Promise<string> {
  const path = await findProgram(name);
  if (path !== undefined) return path;
  throw new Failure('program', `Cannot go on: the program "${name}" is not on the PATH`, { hint });
}
