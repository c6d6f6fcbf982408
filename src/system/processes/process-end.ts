import { killPrograms } from './programs.ts';

/** How many works run that must not be cut in two. */
let uncut = 0;
let waiting: (() => number) | undefined;

/**
 * Runs something that no end of the process that it decides about itself may cut in two, as the renames that
 * put a whole site in the place of another. (A kill may: whatever is kept here has a journal, too.)
 */
export async function withoutEnd<T>(work: () => Promise<T>): Promise<T> {
  uncut += 1;
  try {
    return await work();
  } finally {
    uncut -= 1;
    if (uncut === 0 && waiting !== undefined) end(waiting);
  }
}

/**
 * Ends this process at once, and the programs that it runs, or as soon as {@link withoutEnd} lets it. Nothing
 * is cleaned up: that is what a next run does after every kill.
 *
 * @param last - says what there is to say, and gives the exit status
 */
export function endProcess(last: () => number): void {
  if (uncut === 0) end(last);
  else waiting ??= last;
}

function end(last: () => number): never {
  killPrograms();
  process.exit(last());
}
