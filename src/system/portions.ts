/**
 * Runs synchronous work that yields now and then, with a moment for everything else at each yield. When
 * somebody wants to stop, what the work has open is closed, and the reason of the signal is thrown.
 */
export async function inPortions<T>(work: Generator<void, T>, signal: AbortSignal): Promise<T> {
  const ends: { readonly result: T }[] = [];
  const toItsEnd = function* (): Generator<void> {
    ends.push({ result: yield* work });
  };
  for (const _ of toItsEnd()) {
    signal.throwIfAborted();
    await new Promise(setImmediate);
  }
  const [end] = ends;
  if (end === undefined) throw new RangeError('work that ended has a result');
  return end.result;
}

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
