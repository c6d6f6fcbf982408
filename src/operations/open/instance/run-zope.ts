import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../../system/failure.ts';
import { type ProgramEnd, runProgram } from '../../../system/processes/programs.ts';
import { LOOPBACK } from '../../../system/server-address.ts';
import { type JobContext, programEvents } from '../../run/events.ts';
import type { InstanceCopy } from './instance-copy.ts';

/** Zope, as it runs in a copy. Disposed of, it is ended, with what it has started. */
export interface RunningZope extends AsyncDisposable {
  /** Resolves when it takes requests; rejects where it ends before. */
  readonly ready: Promise<void>;
  /** Rejects when it has ended, whatever the reason. */
  readonly ended: Promise<never>;
}

const LOOK_AGAIN_MILLIS = 200;

/** Starts the instance of a copy, which ends when the job is stopped. Failure `program` where nothing can start it. */
export function runZope(
  { starter, wsgiIni, home, port }: InstanceCopy,
  context: JobContext,
): RunningZope {
  if (starter === undefined) {
    throw new Failure(
      'program',
      'Cannot start Zope: there is no runwsgi near it, nor on the PATH',
      {
        hint: { kind: 'start-zope-yourself' },
      },
    );
  }
  const words = [...starter.words, wsgiIni];
  const program = { path: starter.program, arguments: words, environment: {}, directory: home };
  context.onEvent({ kind: 'command', argv: [starter.program, ...words] });
  const ending = new AbortController();
  const signal = AbortSignal.any([context.signal, ending.signal]);
  const { onOutput } = programEvents(context);
  const ended = runProgram(program, { onOutput, signal }).then((end): never => {
    throw endedByItself(end, home);
  });
  ended.catch(() => {});
  return {
    ended,
    ready: Promise.race([ended, untilOpen(port, signal)]),
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await ended.catch(() => {});
    },
  };
}

async function untilOpen(port: number, signal: AbortSignal): Promise<void> {
  while (!(await isOpen(port))) {
    await sleep(LOOK_AGAIN_MILLIS);
    signal.throwIfAborted();
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, LOOPBACK);
    const answer = (found: boolean) => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}

function endedByItself({ status, signal, errors }: ProgramEnd, home: string): Failure {
  const [last = 'it said nothing'] = errors.trim().split('\n').slice(-1);
  return new Failure('program', `Zope ended with ${signal ?? `status ${status}`}: ${last}`, {
    hint: `Its log is ${home}/log/event.log. It stays with an own folder for the changes.`,
  });
}
