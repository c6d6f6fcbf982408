import type cliProgress from 'cli-progress';
import type { Step } from '../../jobs/events.ts';
import type { Terminal } from '../terminal.ts';
import { formatBytes, formatSeconds } from './units.ts';

const STEP_WORDS: Readonly<Record<Step, string>> = {
  compare: 'Comparing',
  'back-up': 'Backing up',
  restore: 'Restoring',
  verify: 'Verifying',
};

/** Time between two lines where there is no terminal, in milliseconds. */
const LINE_EVERY_MS = 10_000;
/** Shorter steps need no bar, and a screen full of finished bars is no help. */
const BAR_AFTER_MS = 250;

/** Shows how far a long step is. */
export interface Progress {
  begin(step: Step, totalBytes: number): void;
  advance(bytes: number): void;
  end(): void;
}

/** A bar on a terminal; elsewhere a line each ten seconds; nothing with -q, or --json without a log as JSON. */
export function progressFor(terminal: Terminal): Progress {
  const { verbosity, isJson, logFormat } = terminal;
  if (verbosity === 'quiet' || (isJson && logFormat === 'text')) return silent;
  return process.stderr.isTTY && logFormat === 'text' ? barProgress() : lineProgress(terminal);
}

const silent: Progress = { begin: () => {}, advance: () => {}, end: () => {} };

function barProgress(): Progress {
  let bar: cliProgress.SingleBar | undefined;
  let library: typeof cliProgress | undefined;
  // It is there before the first bar is due; where people see none, it isn't needed.
  void import('cli-progress').then((loaded) => {
    library = loaded.default;
  });
  let state = { words: '', done: 0, total: 0, since: 0 };
  const payload = () => ratesOf(state);
  return {
    begin: (step, total) => {
      state = { words: STEP_WORDS[step], done: 0, total, since: Date.now() };
    },
    advance: (bytes) => {
      state.done += bytes;
      if (bar === undefined && library !== undefined && Date.now() - state.since >= BAR_AFTER_MS) {
        bar = new library.SingleBar({
          format: '{words} {bar} {percentage}% {amount} {rate} {left}',
          barsize: 24,
          hideCursor: true,
          clearOnComplete: true,
          stream: process.stderr,
          gracefulExit: false,
        });
        bar.start(Math.max(state.total, 1), state.done, payload());
      }
      bar?.update(state.done, payload());
    },
    end: () => {
      bar?.stop();
      bar = undefined;
    },
  };
}

function lineProgress(terminal: Terminal): Progress {
  let state = { words: '', done: 0, total: 0, since: 0 };
  let nextLine = 0;
  return {
    begin: (step, total) => {
      state = { words: STEP_WORDS[step], done: 0, total, since: Date.now() };
      nextLine = state.since + LINE_EVERY_MS;
    },
    advance: (bytes) => {
      state.done += bytes;
      if (Date.now() < nextLine) return;
      nextLine = Date.now() + LINE_EVERY_MS;
      const { words, amount, rate, left } = ratesOf(state);
      terminal.progress(`${words}: ${amount}, ${rate}, ${left}`, {
        doneBytes: state.done,
        totalBytes: state.total,
        seconds: (Date.now() - state.since) / 1000,
      });
    },
    end: () => {},
  };
}

function ratesOf(state: {
  readonly words: string;
  readonly done: number;
  readonly total: number;
  readonly since: number;
}) {
  const seconds = Math.max(0.001, (Date.now() - state.since) / 1000);
  const perSecond = state.done / seconds;
  const left = state.total - state.done;
  return {
    words: state.words,
    amount: `${formatBytes(state.done)} of ${formatBytes(state.total)}`,
    rate: `${formatBytes(perSecond)}/s`,
    left: left > 0 && perSecond > 0 ? `${formatSeconds(left / perSecond)} left` : 'finishing',
  };
}
