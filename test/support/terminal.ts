import { spawn } from '@lydell/node-pty';
import { COMMAND } from './command.ts';

export interface TerminalSession {
  /** What stands on the screen, escape sequences and all. */
  readonly text: () => string;
  readonly type: (keys: string) => void;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Resolves when the text is there; rejects with what is there instead when the program ends. */
  readonly waitFor: (text: string) => Promise<void>;
  readonly ended: Promise<{ readonly status: number; readonly signal: number | undefined }>;
}

/** Runs the built `zodbvault` on a pseudo-terminal of 100 columns. */
export function onTerminal(
  words: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): TerminalSession {
  return programOnTerminal([process.execPath, COMMAND, ...words], { cwd, env });
}

interface TerminalOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
}

/** The same for any program. */
export function programOnTerminal(
  [program = '', ...words]: readonly string[],
  { cwd, env = {}, columns = 100 }: TerminalOptions,
): TerminalSession {
  const pty = spawn(program, words, {
    cwd,
    cols: columns,
    rows: 40,
    env: { ...withoutColourSettings(process.env), TZ: 'UTC', TERM: 'xterm', ...env },
  });
  let text = '';
  const waiting = new Set<() => void>();
  pty.onData((data) => {
    text += data;
    for (const look of waiting) look();
  });
  let isEnded = false;
  const ended = new Promise<{ status: number; signal: number | undefined }>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      isEnded = true;
      for (const look of waiting) look();
      resolve({ status: exitCode, signal: signal === 0 ? undefined : signal });
    });
  });
  return {
    text: () => text,
    type: (keys) => pty.write(keys),
    kill: (signal) => process.kill(pty.pid, signal),
    ended,
    waitFor: (wanted) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (text.includes(wanted)) resolve();
          else if (isEnded) reject(new Error(`"${wanted}" never came: ${text}`));
          else return;
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Node asks these whether a terminal has colours; a test says itself which of them are set. */
const COLOUR_SETTINGS = [
  'CI',
  'COLORTERM',
  'FORCE_COLOR',
  'NODE_DISABLE_COLORS',
  'NO_COLOR',
  'TMUX',
];

function withoutColourSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !COLOUR_SETTINGS.includes(name)),
  );
}
