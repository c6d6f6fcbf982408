/** Milliseconds of work after which everything else has a turn: far below what anybody would notice. */
const TURN_MS = 20;

let turnBegan = performance.now();

/**
 * Gives everything else a turn, signals above all, if nothing else had one for a while. To be asked wherever much is
 * done without waiting for anything: to ask costs next to nothing. When somebody wants to stop, the reason of the
 * signal is thrown.
 */
export async function giveWay(signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  if (performance.now() - turnBegan < TURN_MS) return;
  await new Promise(setImmediate);
  turnBegan = performance.now();
  signal?.throwIfAborted();
}

/**
 * Runs synchronous work that yields now and then: wherever it does, everything else may have a turn. When somebody
 * wants to stop, what the work has open is closed, and the reason of the signal is thrown.
 */
export async function cooperatively<T>(work: Generator<void, T>, signal?: AbortSignal): Promise<T> {
  const ends: { readonly result: T }[] = [];
  const toItsEnd = function* (): Generator<void> {
    ends.push({ result: yield* work });
  };
  for (const _ of toItsEnd()) await giveWay(signal);
  const [end] = ends;
  if (end === undefined) throw new RangeError('work that ended has a result');
  return end.result;
}

/** The same for a list, whose items take little work each. */
export async function eachInTurn<T>(
  items: Iterable<T>,
  work: (item: T) => void,
  signal?: AbortSignal,
): Promise<void> {
  let untilAsked = ASK_EVERY;
  for (const item of items) {
    work(item);
    untilAsked -= 1;
    if (untilAsked > 0) continue;
    untilAsked = ASK_EVERY;
    await giveWay(signal);
  }
}

/** Items between two looks at the clock. */
const ASK_EVERY = 64;

/** Runs it at once, where nobody else waits. */
export function atOnce<T>(work: Generator<void, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** So many files may be open, or asked for, at once. */
const AT_ONCE = 128;

/**
 * Does something with each file of a list that may be long, several at a time: thousands of calls at once keep all else
 * waiting while they begin, and use up the files that a process may open. The results are in the order of the list.
 */
export async function severalAtATime<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  for (let begin = 0; begin < items.length; begin += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(begin, begin + AT_ONCE).map(work))));
  }
  return results;
}
