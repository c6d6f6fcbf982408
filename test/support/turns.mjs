/*
 * Loaded into the command before anything else: tells at the end, in the file that TURNS names, how often something
 * else had its turn between the first and the last time that the command wrote to stdout.
 */
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const { write } = process.stdout;
  let begun = false;
  let turns = 0;
  let turnsAtLast = 0;
  process.stdout.write = (...words) => {
    begun = true;
    turnsAtLast = turns;
    return write.apply(process.stdout, words);
  };
  const turn = () => {
    if (begun) turns += 1;
    setTimeout(turn, 0).unref();
  };
  setTimeout(turn, 0).unref();
  process.on('exit', () => writeFileSync(process.env.TURNS, String(turnsAtLast)));
}
