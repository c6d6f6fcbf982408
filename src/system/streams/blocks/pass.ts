import type { ByteRange, ByteSource } from '../../files/byte-source.ts';
import { workerCount } from '../../processes/workers.ts';
import { DisposableStack } from '../disposable-stack.ts';
import { BlockRing } from './block-ring.ts';
import { gatherBlocks, readBlocks } from './blocks.ts';
import { type TakerKind, type Taking, takeHere } from './taker.ts';
import { TakerThread } from './taker-thread.ts';

/** One pass over bytes: where they lie meanwhile, and where those work who take them. Its disposal ends all threads. */
export interface Pass extends AsyncDisposable {
  /** Bytes of a source, as this pass has them. One range after the other: all of them lie in the same memory. */
  read(source: ByteSource, range: ByteRange): AsyncIterable<Uint8Array>;
  /** Bytes that come from elsewhere, as this pass has them. */
  gather(
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Begins to take bytes, all of which have to be of this pass. */
  begin<Settings, Result>(kind: TakerKind<Settings, Result>, settings: Settings): Taking<Result>;
}

/** With fewer bytes, threads save less than the 30 ms of CPU time that each takes to start. */
const WORTH_THREADS_BYTES = 64 << 20;

/** @param sizeBytes - how many bytes it will be, about */
export function passOver(sizeBytes: number): Pass {
  return sizeBytes < WORTH_THREADS_BYTES || workerCount() === 0 ? passHere() : passInThreads();
}

/** All in this thread. */
export function passHere(): Pass {
  return {
    read: (source, range) => source.stream(range),
    gather: (chunks) => chunks,
    begin: (kind, settings) => takeHere(kind.make(settings)),
    [Symbol.asyncDispose]: async () => {},
  };
}

function passInThreads(): Pass {
  const threads = new DisposableStack();
  const ring = new BlockRing();
  return {
    read: (source, range) =>
      source.isDistant ? gatherBlocks(source.stream(range), ring) : readBlocks(source, range, ring),
    gather: (chunks) => gatherBlocks(chunks),
    begin: (kind, settings) => threads.use(TakerThread.start({ kind, settings })),
    [Symbol.asyncDispose]: () => threads[Symbol.asyncDispose](),
  };
}
