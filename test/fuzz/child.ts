/** Feeds one target, in a process that may be killed: `child.ts TARGET SEED FROM COUNT`. */
import { writeFileSync } from 'node:fs';
import { randomFrom } from '../../src/demo/random.ts';
import { inputOf, mix, tryInput } from './target.ts';
import { makeTargets } from './targets.ts';

/** What the parent hears. */
export type Report =
  | { readonly kind: 'ready'; readonly rss: number }
  /** The input that comes next; all before it are done. */
  | { readonly kind: 'at'; readonly number: number; readonly slowestMs: number }
  | { readonly kind: 'fault'; readonly number: number; readonly what: string }
  | { readonly kind: 'done'; readonly slowestMs: number };

/** Milliseconds between two words to the parent. */
const TELL_EVERY_MS = 200;

const [name, ...numbers] = process.argv.slice(2);
const [seed = 0, from = 0, count = 0] = numbers.map(Number);
const target = (await makeTargets()).find((one) => one.name === name);
if (target === undefined) throw new Error(`there is no target ${name}`);
for (const input of target.seeds) {
  await tryInput(target, { input: Buffer.from(input), random: randomFrom(seed) });
}
forgetPeak();
await tell({ kind: 'ready', rss: process.memoryUsage().rss });
let slowestMs = 0;
let told = performance.now();
for (let number = from; number < from + count; number++) {
  const begin = performance.now();
  if (begin - told > TELL_EVERY_MS || count === 1) {
    await tell({ kind: 'at', number, slowestMs });
    told = begin;
  }
  const input = inputOf(target, { seed, number });
  const what = await tryInput(target, { input, random: randomFrom(mix(seed + 1, number)) });
  if (what !== undefined) await tell({ kind: 'fault', number, what });
  slowestMs = Math.max(slowestMs, performance.now() - begin);
}
await tell({ kind: 'done', slowestMs });
process.disconnect();

/** What it took to start counts for nothing (proc(5), clear_refs). */
function forgetPeak(): void {
  globalThis.gc?.();
  writeFileSync('/proc/self/clear_refs', '5');
}

function tell(report: Report): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(report, () => resolve());
  });
}
