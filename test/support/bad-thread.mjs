/*
 * Loaded into each thread of the command before anything else (see `badThread`): threads that do one kind of work
 * misbehave from some block on, and long times between two looks at a thread are over sooner.
 */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';

const { BAD_WORK: work, BAD_FAULT: fault, BAD_BLOCK: block = '1' } = process.env;

if (isMainThread) {
  const { setInterval } = globalThis;
  globalThis.setInterval = (does, time, ...words) => setInterval(does, time / 200, ...words);
} else if (workerData?.work === work) {
  const misbehave = {
    dies() {
      throw new Error('killed by a test');
    },
    ends() {
      process.exit();
    },
    hangs() {
      for (;;);
    },
    lies() {
      parentPort.postMessage('nonsense');
    },
  }[fault];
  const { on } = parentPort;
  parentPort.on = (event, does) => {
    let count = 0;
    return on.call(parentPort, event, (message) => {
      count += 1;
      if (event === 'message' && count >= Number(block)) misbehave();
      else does(message);
    });
  };
}
