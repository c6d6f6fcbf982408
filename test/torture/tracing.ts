import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { badThread } from '../support/bad-thread.ts';
import { COMMAND } from '../support/command.ts';
import {
  type Call,
  isConcerned,
  numberByLog,
  readCalls,
  TRACED_CALLS,
  type Tracee,
} from './calls.ts';
import type { Fault } from './faults.ts';

/** A command line of which a run is tortured. */
export interface CommandLine {
  readonly program: string;
  readonly words: readonly string[];
  readonly cwd: string;
}

/** How a run ended. */
export interface Ended {
  /** Undefined: it was killed. */
  readonly status: number | undefined;
  readonly output: string;
  readonly hit: Hit;
}

/** Whether the fault came to pass at a call that concerns the site; if not, under which number to try. */
export type Hit =
  | { readonly kind: 'as-planned' }
  | { readonly kind: 'missed'; readonly number: number };

/** Where a run is watched, and when it takes place as far as it knows. */
export interface Surroundings {
  /** For what is written about it. */
  readonly folder: string;
  readonly site: string;
  readonly at: Date;
}

export const AS_PLANNED: Hit = { kind: 'as-planned' };

/** The programs that zodbvault starts. */
const PROGRAMS = ['flock', 'rsync', 'tar', 'sync'] as const;

/** A run that takes longer hangs. */
const LIMIT_MS = 60_000;

/** How often it is looked whether a fault hit no call of the site: then the run says nothing, and may hang. */
const LOOK_MS = 400;

/** Why torture is not possible here; undefined: it is. */
export function obstacle(): string | undefined {
  try {
    execFileSync('strace', ['-qq', '-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isMissing ? 'strace is not installed' : 'strace may not watch other processes here';
  }
}

/** Runs a command as it is. */
export function runPlainly(command: CommandLine): Promise<Ended> {
  return finish(start([command.program, ...command.words], { command, env: {} }), AS_PLANNED);
}

/** Runs a command once and gives its calls that concern the site, and how long it took. */
export async function countCalls(
  command: CommandLine,
  { folder, site, at }: Surroundings,
): Promise<readonly Call[]> {
  prepare(folder);
  const trace = ['-e', `trace=${TRACED_CALLS}`];
  const ended = await finish(
    watchThreads(command, { folder, at, threads: ['main', 'pool'], strace: trace, shim: 'count' }),
    AS_PLANNED,
  );
  if (statusIn(folder) !== 0) throw new Error(`the run that counts failed: ${ended.output}`);
  const [main = '', pool = ''] = readFileSync(join(folder, 'threads'), 'utf8').split(' ');
  const tracees: (readonly [Tracee, string])[] = [
    [{ kind: 'thread', thread: 'main' }, `log.${main}`],
    [{ kind: 'thread', thread: 'pool' }, `log.${pool}`],
    ...readdirSync(folder).flatMap((file): (readonly [Tracee, string])[] => {
      const [, name, turn] = /^program\.(\w+)\.(\d+)$/.exec(file) ?? [];
      return name === undefined ? [] : [[{ kind: 'program', name, turn: Number(turn) }, file]];
    }),
  ];
  return tracees.flatMap(([tracee, file]) =>
    readCalls(readFileSync(join(folder, file), 'utf8'), { tracee, folder: site }),
  );
}

/** Runs a command with a fault. */
export async function runWithFault(
  command: CommandLine,
  { fault, folder, site, at }: Surroundings & { readonly fault: Fault },
): Promise<Ended> {
  switch (fault.kind) {
    case 'kill-after': {
      const child = start([command.program, ...command.words], { command, env: {} });
      const timer = setTimeout(() => killGroup(child), fault.milliseconds);
      const ended = await finish(child, AS_PLANNED);
      clearTimeout(timer);
      return ended;
    }
    case 'limit': {
      const limit = `--fsize=${fault.bytes}:${fault.bytes}`;
      const words = ['prlimit', limit, command.program, ...command.words];
      return finish(start(words, { command, env: {} }), AS_PLANNED);
    }
    case 'thread': {
      const words = [command.program, ...command.words];
      return finish(start(words, { command, env: badThread(fault.work, fault) }), AS_PLANNED);
    }
    case 'kill':
    case 'die':
    case 'error': {
      prepare(folder);
      const { tracee } = fault.call;
      const strace = injection(fault);
      const child =
        tracee.kind === 'thread'
          ? watchThreads(command, { folder, at, threads: [tracee.thread], strace, shim: 'none' })
          : watchProgram(command, { folder, tracee, strace, isGroupKilled: fault.kind === 'kill' });
      // Node waits for ever for a program whose end its signal handler could not write into a pipe.
      const isLost = () => hasHitOthers(folder, site);
      try {
        const ended = await finish(child, AS_PLANNED, isLost);
        const status = tracee.kind === 'thread' ? statusIn(folder) : ended.status;
        return { ...ended, status, hit: whatWasHit(folder, { call: fault.call, site }) };
      } catch (error) {
        const hit = whatWasHit(folder, { call: fault.call, site });
        if (!(error instanceof RunHangs) || hit.kind === 'as-planned') throw error;
        return { status: undefined, output: error.output, hit };
      }
    }
    default:
      return fault satisfies never;
  }
}

function injection(fault: Extract<Fault, { readonly call: Call }>): readonly string[] {
  const { syscall, alone } = fault.call;
  const what = fault.kind === 'error' ? `error=${fault.errno}` : 'signal=SIGKILL';
  const number = alone?.number ?? fault.call.number;
  return [
    ...(alone === undefined ? [] : ['-P', alone.absolute]),
    ...['-e', `trace=${syscall}`, '-e', `inject=${syscall}:${what}:when=${number}`],
  ];
}

/**
 * strace becomes an ancestor of the command: Linux's Yama lets it watch nobody else. It counts the
 * calls of each thread apart, so that a number stands for one call only if one thread is watched.
 */
const WATCH_THREADS = `
( "$@"; echo $? >"$TORTURE_FOLDER/status" ) &
read -r threads <"$TORTURE_FOLDER/fifo"
eval "exec strace -qq -y --output-separately -o \\"\\$TORTURE_FOLDER/log\\" -p \\"\\$threads\\" $TORTURE_STRACE"
`;

function watchThreads(
  command: CommandLine,
  {
    folder,
    at,
    threads,
    strace,
    shim,
  }: {
    readonly folder: string;
    readonly at: Date;
    readonly threads: readonly string[];
    readonly strace: readonly string[];
    readonly shim: 'count' | 'none';
  },
): ChildProcess {
  execFileSync('mkfifo', [join(folder, 'fifo'), join(folder, 'pool')]);
  const env = {
    TORTURE_FOLDER: folder,
    TORTURE_THREADS: threads.join(' '),
    TORTURE_NOW: String(at.getTime()),
    TORTURE_COMMAND: COMMAND,
    TORTURE_STRACE: quoted(strace),
    NODE_OPTIONS: `--import ${join(import.meta.dirname, 'wait-for-tracer.mjs')}`,
    UV_THREADPOOL_SIZE: '1',
    ...(shim === 'none' ? {} : { PATH: shimPath(folder), TORTURE_SHIM: shim }),
  };
  return start(['sh', '-c', WATCH_THREADS, 'sh', command.program, ...command.words], {
    command,
    env,
  });
}

function watchProgram(
  command: CommandLine,
  {
    folder,
    tracee,
    strace,
    isGroupKilled,
  }: {
    readonly folder: string;
    readonly tracee: Extract<Tracee, { readonly kind: 'program' }>;
    readonly strace: readonly string[];
    readonly isGroupKilled: boolean;
  },
): ChildProcess {
  const env = {
    PATH: shimPath(folder),
    TORTURE_FOLDER: folder,
    TORTURE_SHIM: isGroupKilled ? 'kill' : 'inject',
    TORTURE_PROGRAM: `${tracee.name} ${tracee.turn}`,
    TORTURE_STRACE: quoted(strace),
  };
  return start([command.program, ...command.words], { command, env });
}

/** Stands in front of a program on the PATH, and counts how often it is started. */
const SHIM = `#!/bin/sh
turn=$(($(cat "$TORTURE_FOLDER/NAME.turn" 2>/dev/null || echo 0) + 1))
echo $turn >"$TORTURE_FOLDER/NAME.turn"
case "$TORTURE_SHIM" in
count)
  exec strace -f -qq -y -o "$TORTURE_FOLDER/program.NAME.$turn" -e trace='${TRACED_CALLS}' REAL "$@" ;;
inject|kill)
  if [ "$TORTURE_PROGRAM" = "NAME $turn" ]; then
    if [ "$TORTURE_SHIM" = inject ]; then
      eval "exec strace -f -qq -y -o \\"\\$TORTURE_FOLDER/log.1\\" $TORTURE_STRACE REAL \\"\\$@\\""
    fi
    eval "strace -f -qq -y -o \\"\\$TORTURE_FOLDER/log.1\\" $TORTURE_STRACE REAL \\"\\$@\\""
    kill -9 0
  fi ;;
esac
exec REAL "$@"
`;

/** A PATH on which the shims come first. */
function shimPath(folder: string): string {
  const shims = join(dirname(folder), 'shims');
  if (!existsSync(shims)) {
    mkdirSync(shims);
    for (const name of PROGRAMS) {
      const real = realPath(name);
      if (real === undefined) continue;
      writeFileSync(join(shims, name), SHIM.replaceAll('REAL', real).replaceAll('NAME', name));
      chmodSync(join(shims, name), 0o755);
    }
  }
  return `${shims}:${process.env['PATH']}`;
}

function realPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(':')
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path));
}

function prepare(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(' ');
}

/**
 * The leader of a run's process group: it outlives the command, and with it the number of the group
 * stays what it was, until {@link finish} ends it: no other group can be killed by mistake.
 */
const LEADER = `
"$@" </dev/null 3>&-
echo $? >&3
exec >/dev/null 2>&1 3>&-
read -r end
`;

/** Each run is a process group of its own. */
function start(
  words: readonly string[],
  {
    command,
    env,
  }: { readonly command: CommandLine; readonly env: Readonly<Record<string, string>> },
): ChildProcess {
  return spawn('sh', ['-c', LEADER, 'sh', ...words], {
    cwd: command.cwd,
    env: { ...process.env, TZ: 'UTC', ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
}

class RunHangs extends Error {
  readonly output: string;

  constructor(output: string) {
    super(`it hangs; until then it said: ${output}`);
    this.output = output;
  }
}

/**
 * Waits for the end of all that holds the output, and kills what else is left of the group.
 *
 * @param isLost - whether a run need not be waited for
 */
async function finish(child: ChildProcess, hit: Hit, isLost = () => false): Promise<Ended> {
  const ended = once(child, 'exit');
  child.stdin?.on('error', () => {}); // The leader was killed with its group.
  const [, , , status] = child.stdio;
  const texts = [child.stdout, child.stderr, status].map(readAll);
  let hangs = false;
  const stop = () => {
    hangs = true;
    killGroup(child);
  };
  const looking = setInterval(() => isLost() && stop(), LOOK_MS);
  const limit = setTimeout(stop, LIMIT_MS);
  const [stdout = '', stderr = '', number = ''] = await Promise.all(texts);
  clearInterval(looking);
  clearTimeout(limit);
  killGroup(child);
  await ended;
  const output = stdout + stderr;
  if (hangs) throw new RunHangs(output);
  return { status: statusOf(number), output, hit };
}

async function readAll(stream: unknown): Promise<string> {
  if (!(stream instanceof Readable)) throw new TypeError('a pipe is to be read');
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += String(chunk);
  return text;
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  const isThere = pid !== undefined && exitCode === null && signalCode === null;
  if (isThere) process.kill(-pid, 'SIGKILL');
}

/** The exit status that a shell saw; undefined: it saw none, or a signal. */
function statusOf(written: string): number | undefined {
  const status = written.trim() === '' ? undefined : Number(written);
  return status === undefined || (status > 128 && status !== 130) ? undefined : status;
}

/** What the shell around a watched command wrote down. */
function statusIn(folder: string): number | undefined {
  const path = join(folder, 'status');
  return statusOf(existsSync(path) ? readFileSync(path, 'utf8') : '');
}

function whatWasHit(
  folder: string,
  { call, site }: { readonly call: Call; readonly site: string },
): Hit {
  const log = logIn(folder);
  const hit = log
    .split('\n')
    .filter((line) => /\(INJECTED\)|\) += \?$|<unfinished \.\.\.>$/.test(line));
  if (hit.some((line) => isConcerned(line, site))) return AS_PLANNED;
  return { kind: 'missed', number: numberByLog(log, { call, folder: site }) };
}

/** Whether a fault came to pass, while the run goes on, at a call that doesn't concern the site. */
function hasHitOthers(folder: string, site: string): boolean {
  const hit = logIn(folder)
    .split('\n')
    .filter((line) => line.endsWith('(INJECTED)'));
  return hit.length > 0 && !hit.some((line) => isConcerned(line, site));
}

function logIn(folder: string): string {
  return readdirSync(folder)
    .filter((name) => name.startsWith('log.'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}
