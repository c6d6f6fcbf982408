import { Failure } from '../../system/failure.ts';
import { endProcess } from '../../system/processes/process-end.ts';

/** Tells a command when it is to stop. */
export interface Stopping extends Disposable {
  readonly signal: AbortSignal;
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Milliseconds in which signals are one and the same: `timeout` and npm send theirs to a command and to its
 * process group, of which it is a part.
 */
const TOGETHER = 100;

/**
 * Turns Ctrl-C, SIGTERM and the end of the `run-schedule` that started this process into a clean stop; a second one,
 * by whoever doesn't want to wait for that, ends the process at once.
 *
 * @param fail - says why it ended at once, and gives the exit status
 */
export function heedSignals(fail: (failure: Failure) => number): Stopping {
  const controller = new AbortController();
  let stoppedAt = Infinity;
  const stopBecause = (why: string, cause?: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      stoppedAt = performance.now();
      controller.abort(
        new Failure('interrupted', `Stopped ${why}`, {
          cause,
          hint: 'Unfinished files were removed. Run the command again.',
        }),
      );
    } else if (performance.now() - stoppedAt > TOGETHER) {
      const failure = new Failure('interrupted', `Ended at once, a second time stopped ${why}`, {
        hint: 'Unfinished files stay where they are; the next run removes or finishes them.',
      });
      endProcess(() => fail(failure));
    }
  };
  const stop = (signal: NodeJS.Signals) =>
    stopBecause(`by ${signal === 'SIGINT' ? 'Ctrl-C' : signal}`, signal);
  // `run-schedule` holds a channel to what it runs: the kernel closes it, however `run-schedule` ends.
  const stopAlone = () => stopBecause('as the "run-schedule" that started it has ended');
  for (const signal of SIGNALS) process.on(signal, stop);
  process.on('disconnect', stopAlone);
  process.channel?.unref();
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      // Whoever is stopped says so to the end: a second signal must not make another exit status of it.
      if (controller.signal.aborted) return;
      for (const signal of SIGNALS) process.off(signal, stop);
      process.off('disconnect', stopAlone);
    },
  };
}
