import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCodeOf } from '../failure.ts';
import { startInStat } from './process-identity.ts';

/** How long a process has to end by itself: shorter than the 10 s that `docker stop` gives to all together. */
const GRACE_MS = 5000;
/** How long one that was killed may take to go: it may wait for a disk. */
const LAST_MS = 2000;
const LOOK_EVERY_MS = 20;

/**
 * A process with all that it has started: a shell dies alone, and leaves running what it waits for. Not by its group:
 * whoever has one of its own has lost the terminal, where sudo asks for a password. What belongs to another user, or
 * has ended, is left out.
 */
export class ProcessTree {
  /** By their numbers, when they were started: a number may be given to another process. */
  readonly #members = new Map<number, string>();

  constructor(pid: number) {
    this.#add(pid);
  }

  /** Ends all of it at once. */
  kill(): void {
    this.#signal('SIGKILL');
  }

  /** Asks all of it to end, and waits for that; what is left after {@link GRACE_MS} is killed. */
  async end(): Promise<void> {
    this.#signal('SIGTERM');
    if (await this.#isGoneWithin(GRACE_MS)) return;
    this.kill();
    await this.#isGoneWithin(LAST_MS);
  }

  /** The first come first, so that a shell starts nothing new when what it waits for has died. */
  #signal(signal: NodeJS.Signals): void {
    for (const pid of this.#living()) {
      try {
        process.kill(pid, signal);
      } catch (error) {
        if (!['ESRCH', 'EPERM'].includes(systemCodeOf(error) ?? '')) throw error;
      }
    }
  }

  async #isGoneWithin(milliseconds: number): Promise<boolean> {
    const end = performance.now() + milliseconds;
    while (this.#living().length > 0) {
      if (performance.now() > end) return false;
      await sleep(LOOK_EVERY_MS);
    }
    return true;
  }

  /** Those that run, with what they have started since. */
  #living(): readonly number[] {
    for (const [pid, started] of this.#members) {
      if (startOf(pid) === started) for (const child of childrenOf(pid)) this.#add(child);
      else this.#members.delete(pid);
    }
    return [...this.#members.keys()];
  }

  #add(pid: number): void {
    const started = startOf(pid);
    if (started === undefined || this.#members.has(pid)) return;
    this.#members.set(pid, started);
    for (const child of childrenOf(pid)) this.#add(child);
  }
}

/** proc(5), `/proc/PID/task/TID/children`; none where the system doesn't tell. */
function childrenOf(pid: number): readonly number[] {
  const tasks = `/proc/${pid}/task`;
  try {
    return readdirSync(tasks).flatMap((task) =>
      readFileSync(`${tasks}/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return [];
  }
}

function startOf(pid: number): string | undefined {
  try {
    return startInStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return undefined;
  }
}
