import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { COMMAND } from './command.ts';
import { lineReader } from './line-reader.ts';

/** `zodbvault open` that runs. */
export interface OpenedSite {
  readonly pid: number;
  /** Where it listens: its first line. */
  readonly address: string;
  /** The lines behind it, one for each storage. */
  readonly storages: readonly string[];
  /** Ends it, as Ctrl-C does, and gives its exit status and its log. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<{
    readonly status: number | null;
    readonly log: string;
  }>;
}

/** Starts it in a folder; resolves when it listens. It ends with the test that calls this, at the latest. */
export async function openSite(
  folder: string,
  {
    words = [],
    storages = 1,
    env = {},
  }: {
    readonly words?: readonly string[];
    /** How many there are. */
    readonly storages?: number;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<OpenedSite> {
  const child = spawn(process.execPath, [COMMAND, 'open', ...words], {
    cwd: folder,
    env: { ...process.env, TZ: 'UTC', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  // No SIGKILL: it would leave the Zope that it has started.
  onTestFinished(async () => {
    if (child.kill('SIGTERM')) await closed;
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const next = lineReader(child);
  const address = await next();
  if (address === undefined) throw new Error(`it does not listen: ${log}`);
  const lines: string[] = [];
  while (lines.length < storages) lines.push((await next()) ?? '');
  return {
    pid: child.pid ?? 0,
    address,
    storages: lines,
    stop: async (signal = 'SIGINT') => {
      child.kill(signal);
      const [status] = (await closed) as [number | null];
      return { status, log };
    },
  };
}
