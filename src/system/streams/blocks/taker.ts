/** What sees the bytes of a stream one chunk after the other, and has a result in the end. */
export interface Taker<Result> {
  /** The bytes may be others when it returns: what it needs for longer, it copies. */
  take(chunk: Uint8Array): void;
  result(): Result;
}

/** A taker at work, here or in a thread. */
export interface Taking<Result> extends AsyncDisposable {
  /** Throws when its thread has failed. */
  take(block: Uint8Array): void;
  /** The result, when all was taken. Failure `system` when its thread died, hung or answered what can't be believed. */
  result(): Promise<Result>;
}

/** A taker in this thread. */
export function takeHere<Result>(taker: Taker<Result>): Taking<Result> {
  return {
    take: (block) => taker.take(block),
    result: async () => taker.result(),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A kind of taker, which a thread can be asked for. */
export interface TakerKind<Settings, Result> {
  /** By which the thread knows it. */
  readonly name: string;
  make(settings: Settings): Taker<Result>;
  /** Whether an answer of a thread is a result: it is believed no more than a file is. */
  isResult(value: unknown, settings: Settings): value is Result;
}
