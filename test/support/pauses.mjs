// Tells at the end, in the file that PAUSES names, for how many milliseconds at most nothing else could happen.
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const delays = monitorEventLoopDelay({ resolution: 10 });
  delays.enable();
  process.on('exit', () => writeFileSync(process.env.PAUSES, String(delays.max / 1e6)));
}
