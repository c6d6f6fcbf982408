import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Failure } from './failure.ts';
import type { Stage } from './stages.ts';

/** A program of another package, and how it is called. */
export interface Program {
  /** Absolute path. */
  readonly path: string;
  readonly arguments: readonly string[];
}

/** The absolute path of an executable on the PATH, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
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

/**
 * Sends bytes through a program's standard input and gives what it prints. Failure `program` where
 * it can't be started, is killed, or ends with a status other than 0, whatever it printed before.
 */
export function throughProgram({ path, arguments: words }: Program): Stage {
  return async function* (source) {
    const child = spawn(path, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    const errors: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    const ended = new Promise<void>((resolve, reject) => {
      child.once('error', (error) => reject(failed(path, error.message)));
      child.once('close', (status, signal) => {
        if (status === 0) resolve();
        else reject(failed(path, describeEnd({ status, signal, errors })));
      });
    });
    ended.catch(() => {}); // It is awaited below.
    const feeding = feed(source, child.stdin);
    feeding.catch(() => child.kill());
    try {
      for await (const chunk of child.stdout) yield chunk;
      const taken = await feeding;
      await ended;
      if (taken === 'in-part') throw failed(path, 'it ended before it had read everything');
    } finally {
      child.kill();
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

function describeEnd(end: {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: readonly Buffer[];
}): string {
  const how =
    end.signal === null ? `it ended with status ${end.status}` : `it was killed by ${end.signal}`;
  const said = Buffer.concat(end.errors).toString().trim().split('\n').at(-1);
  return said === undefined || said === '' ? how : `${how}: ${said}`;
}

function failed(path: string, state: string): Failure {
  return new Failure('program', `Cannot run "${path}": ${state}`, {
    hint: 'Run it by hand to see what is wrong, or do without it.',
  });
}
