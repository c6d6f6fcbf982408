import zlib from 'node:zlib';
import { Failure } from '../failure.ts';
import { CHECKSUM } from '../streams/blocks/checksum.ts';
import { type Pass, passOver } from '../streams/blocks/pass.ts';
import type { Taker } from '../streams/blocks/taker.ts';
import { openFileSource } from './byte-source.ts';
import { dropFromCache } from './drop-from-cache.ts';

/** A part that is read back while the rest is written: so large that the calls of other programs cost nothing. */
const PART_BYTES = 128 << 20;

/** Whole pages: one that is written again must not be read before. */
const WHOLE_BYTES = 1 << 20;

/** Who waits for it, and may want to stop. */
interface Watch {
  readonly signal: AbortSignal;
  readonly onBytes?: (count: number) => void;
}

/**
 * Reads a new file back from the disk, past the page cache: part after part while it grows, and the rest when it is
 * complete. Each byte is read once, after it was synced.
 */
export class ReadBack implements AsyncDisposable {
  readonly #path: string;
  readonly #name: string;
  readonly #stopping = new AbortController();
  readonly #written = runningSum();
  readonly #read = runningSum();
  #pass: Pass | undefined;
  #writtenBytes = 0;
  /** In front of it, everything is read, or being read. */
  #position = 0;
  #reading: Promise<void> | undefined;

  /** @param name - how messages call it */
  constructor(path: string, name: string) {
    this.#path = path;
    this.#name = name;
  }

  /** Is shown what goes into the file, chunk after chunk. */
  wrote(chunk: Uint8Array): void {
    this.#written.take(chunk);
    this.#writtenBytes += chunk.length;
  }

  /** Reads back what is in front of an offset, if that has become a part. Everything there is on the disk. */
  follow(synced: number): void {
    if (this.#reading !== undefined || synced - this.#position < PART_BYTES) return;
    const { signal } = this.#stopping;
    const reading = this.#readTo(synced - (synced % WHOLE_BYTES), { signal });
    // A failure stays here until finish() meets it.
    this.#reading = reading;
    reading.then(
      () => {
        this.#reading = undefined;
      },
      () => {},
    );
  }

  /** Reads the rest. Failure `damaged` where the whole file is not what was written. */
  async finish(watch: Watch): Promise<void> {
    const stop = () => this.#stopping.abort(watch.signal.reason);
    watch.signal.addEventListener('abort', stop, { once: true });
    try {
      watch.signal.throwIfAborted();
      await this.#reading;
      watch.onBytes?.(this.#position);
      await this.#readTo(this.#writtenBytes, watch);
    } finally {
      watch.signal.removeEventListener('abort', stop);
    }
    await using file = await openFileSource(this.#path);
    const isSame =
      file.sizeBytes === this.#writtenBytes && this.#read.result() === this.#written.result();
    if (!isSame) throw readsBackOtherwise(this.#name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#reading?.catch(() => {});
    await this.#pass?.[Symbol.asyncDispose]();
  }

  async #readTo(end: number, { signal, onBytes }: Watch): Promise<void> {
    const range = { start: this.#position, end };
    this.#position = end;
    await dropFromCache(this.#path, signal);
    await using source = await openFileSource(this.#path);
    this.#pass ??= passOver(end);
    for await (const block of this.#pass.read(source, range)) {
      signal.throwIfAborted();
      this.#read.take(block);
      onBytes?.(block.length);
    }
  }
}

/**
 * Tells whether a disk gives back what was written: CRC-32, which is five times as fast as sha256. A disk makes mistakes,
 * but it doesn't forge. Node has it from 20.15 on.
 */
function runningSum(): Taker<string> {
  if (!('crc32' in zlib)) return CHECKSUM.make('sha256');
  let sum = 0;
  return {
    take: (chunk) => {
      // Of no bytes, which lie nowhere, zlib says 0 whatever came before.
      if (chunk.length > 0) sum = zlib.crc32(chunk, sum);
    },
    result: () => sum.toString(16),
  };
}

/** Failure `damaged`: what was just written to a file is not what it gives back. */
export function readsBackOtherwise(name: string): Failure {
  return new Failure(
    'damaged',
    `Cannot trust "${name}": the disk gives back other bytes than were written`,
    {
      hint: 'Nothing was kept of this backup, and nothing old was removed. Check the disk and the memory of the machine (smartctl, dmesg).',
    },
  );
}
