import { parentPort } from 'node:worker_threads';
import { jobOf } from '../../processes/workers.ts';
import type { TakerKind } from './taker.ts';

/**
 * Makes a module one that threads can be started of: the other end of `TakerThread`. Does nothing in any other thread.
 */
export function serveTaker<Settings, Result>(kind: TakerKind<Settings, Result>): void {
  const port = parentPort;
  const job = jobOf<Settings>(kind.name);
  if (port === null || job === undefined) return;
  const taker = kind.make(job.settings);
  port.on('message', (block: Uint8Array | null) => {
    if (block === null) {
      port.postMessage(taker.result());
    } else {
      taker.take(block);
      port.postMessage(block.length);
    }
  });
}
