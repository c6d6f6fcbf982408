import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Reads what a child prints line by line; undefined at its end. An error if it ends with another status than 0. */
export function lineReader(child: ChildProcess): () => Promise<string | undefined> {
  if (child.stdout === null) throw new Error('its stdout is no pipe');
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    const { done, value } = await lines.next();
    if (!done) return value;
    const [status] = await closed;
    if (status !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${status}`);
    return undefined;
  };
}
