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
