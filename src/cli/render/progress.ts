import type cliProgress from 'cli-progress';
import type { Step } from '../../operations/run/events.ts';
import { oneLine } from '../format/one-line.ts';
import { formatBytes, formatSeconds } from '../format/units.ts';
import type { Terminal } from '../terminal/terminal.ts';

const STEP_WORDS: Readonly<Record<Step, string>> = {
  compare: 'Comparing',
  'back-up': 'Backing up',
  'copy-blobs': 'Copying blobs',
  'archive-blobs': 'Archiving blobs',
  confirm: 'Reading back',
  copy: 'Copying',
  restore: 'Restoring',
  verify: 'Verifying',
  read: 'Reading',
  remove: 'Removing',
};

/** Time between two lines where there is no terminal, in milliseconds. */
const LINE_EVERY_MS = 10_000;
/** Shorter steps need no bar, and a screen full of finished bars is no help. */
const BAR_AFTER_MS = 250;
/** Where nobody tells how wide the terminal is. */
const USUAL_COLUMNS = 80;
const BAR_COLUMNS = 20;

/** Shows how far a long step is. */
export interface Progress {
  /** @param totalBytes - undefined: nobody knows */
  begin(step: Step, totalBytes: number | undefined): void;
  /** Is at this file. */
  file(path: string): void;
  advance(bytes: number): void;
  /** Makes way for a line of the log. */
  clear(): void;
  end(): void;
}

/** A bar on a terminal; elsewhere a line each ten seconds; nothing with -q, or --json without a log as JSON. */
export function progressFor(terminal: Terminal): Progress {
  const { logFormat } = terminal;
  if (!showsProgress(terminal)) return silent;
  return process.stderr.isTTY && logFormat === 'text' ? barProgress() : lineProgress(terminal);
}

/** Whether anything of it is seen. */
export function showsProgress({ verbosity, isJson, logFormat }: Terminal): boolean {
  return verbosity !== 'quiet' && !(isJson && logFormat === 'text');
}

const nothing = () => {};
const silent: Progress = {
  begin: nothing,
  file: nothing,
  advance: nothing,
  clear: nothing,
  end: nothing,
};

/** How far it is. */
interface State {
  readonly step: Step;
  readonly total: number | undefined;
  /** When it began, in milliseconds. */
  readonly since: number;
  done: number;
  /** Empty where the step has told none yet. */
  file: string;
}

function barProgress(): Progress {
  let state: State | undefined;
  let bar: cliProgress.SingleBar | undefined;
  let timer: NodeJS.Timeout | undefined;
  const show = async () => {
    const wanted = state;
    // Where people see no bar, it isn't needed.
    const { default: library } = await import('cli-progress');
    if (state === undefined || state !== wanted || bar !== undefined) return;
    bar = newBar(library);
    bar.start(1, 0, { state });
  };
  const clear = () => {
    bar?.stop();
    bar = undefined;
    clearTimeout(timer);
    if (state !== undefined) timer = setTimeout(() => void show(), BAR_AFTER_MS).unref();
  };
  const turnTo = (next: State | undefined) => {
    state = next;
    clear();
  };
  return {
    begin: (step, total) => turnTo(stateOf(step, total)),
    file: (path) => {
      if (state !== undefined) state.file = path;
    },
    advance: (bytes) => {
      if (state !== undefined) state.done += bytes;
    },
    clear,
    end: () => turnTo(undefined),
  };
}

function stateOf(step: Step, total: number | undefined): State {
  return { step, total, since: Date.now(), done: 0, file: '' };
}

/** It draws itself again and again, until it is stopped; all of its text is ours, so that it fits. */
function newBar(library: typeof cliProgress): cliProgress.SingleBar {
  return new library.SingleBar({
    format: (_options, _params, { state }: { readonly state: State }) => textOf(state),
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
    gracefulExit: false,
  });
}

/** As in `Restoring ##########.......... 52% 1.2 GB of 2.4 GB 310 MB/s 4 s left 2026-...-00.fsz`. */
function textOf(state: State): string {
  const { words, amount, rate, left, share } = figuresOf(state);
  const filled = Math.floor((share ?? 0) * BAR_COLUMNS);
  const bar =
    share === undefined
      ? []
      : [`${'█'.repeat(filled)}${'░'.repeat(BAR_COLUMNS - filled)} ${Math.floor(share * 100)}%`];
  const numbers = [words, ...bar, amount, rate, left].filter((one) => one !== '').join(' ');
  const room = (process.stderr.columns || USUAL_COLUMNS) - numbers.length - 2;
  return `${numbers} ${endOf(oneLine(state.file), room)}`.trimEnd();
}

/** The name of a file is at the end of its path. */
function endOf(path: string, width: number): string {
  if (path.length <= width) return path;
  return width < 4 ? '' : `…${path.slice(1 - width)}`;
}

function lineProgress(terminal: Terminal): Progress {
  let state: State | undefined;
  let timer: NodeJS.Timeout | undefined;
  const show = () => {
    if (state === undefined) return;
    const { words, amount, rate, left } = figuresOf(state);
    const numbers = [amount, rate, left, state.file].filter((one) => one !== '').join(', ');
    terminal.progress(`${words}: ${numbers}`, {
      step: state.step,
      ...(state.file === '' ? {} : { file: state.file }),
      doneBytes: state.done,
      totalBytes: state.total,
      seconds: (Date.now() - state.since) / 1000,
    });
  };
  const end = () => {
    clearInterval(timer);
    state = undefined;
  };
  return {
    begin: (step, total) => {
      end();
      state = stateOf(step, total);
      timer = setInterval(show, LINE_EVERY_MS).unref();
    },
    file: (path) => {
      if (state !== undefined) state.file = path;
    },
    advance: (bytes) => {
      if (state !== undefined) state.done += bytes;
    },
    clear: nothing,
    end,
  };
}

/** In words; what nobody knows is empty. */
function figuresOf({ step, total, done, since }: State) {
  const seconds = Math.max(0.001, (Date.now() - since) / 1000);
  const perSecond = done / seconds;
  // A total that was counted before may be less than what there is.
  const isKnown = total !== undefined && total > 0 && done <= total;
  const remaining = isKnown ? total - done : 0;
  const amount = isKnown
    ? `${formatBytes(done)} of ${formatBytes(total)}`
    : done > 0
      ? formatBytes(done)
      : formatSeconds(seconds);
  return {
    words: STEP_WORDS[step],
    share: isKnown ? done / total : undefined,
    amount,
    rate: done > 0 ? `${formatBytes(perSecond)}/s` : '',
    left:
      remaining > 0
        ? perSecond > 0
          ? `${formatSeconds(remaining / perSecond)} left`
          : ''
        : isKnown
          ? 'finishing'
          : '',
  };
}
