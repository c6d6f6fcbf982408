import { Failure } from '../failure.ts';
import { CHECKSUM } from '../streams/blocks/checksum.ts';
import { type Pass, passOver } from '../streams/blocks/pass.ts';
import type { Taking } from '../streams/blocks/taker.ts';
import { DisposableStack } from '../streams/disposable-stack.ts';
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
  readonly #open = new DisposableStack();
  readonly #stopping = new AbortController();
  #sha256: { readonly pass: Pass; readonly taking: Taking<string> } | undefined;
  /** In front of it, everything is read, or being read. */
  #position = 0;
  #reading: Promise<void> | undefined;

  /** @param name - how messages call it */
  constructor(path: string, name: string) {
    this.#path = path;
    this.#name = name;
  }

  /** Reads back what is in front of an offset, if that has become a part. Everything there is on the disk. */
  follow(synced: number): void {
    if (this.#reading !== undefined || synced - this.#position < PART_BYTES) return;
    const { signal } = this.#stopping;
    const reading = this.#read(synced - (synced % WHOLE_BYTES), { signal });
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
  async finish({
    sizeBytes,
    sha256,
    ...watch
  }: Watch & { readonly sizeBytes: number; readonly sha256: string }): Promise<void> {
    const stop = () => this.#stopping.abort(watch.signal.reason);
    watch.signal.addEventListener('abort', stop, { once: true });
    try {
      watch.signal.throwIfAborted();
      await this.#reading;
      watch.onBytes?.(this.#position);
      await this.#read(sizeBytes, watch);
    } finally {
      watch.signal.removeEventListener('abort', stop);
    }
    await using file = await openFileSource(this.#path);
    const found = await this.#hash(sizeBytes).taking.result();
    if (file.sizeBytes !== sizeBytes || found !== sha256) throw readsBackOtherwise(this.#name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#reading?.catch(() => {});
    await this.#open[Symbol.asyncDispose]();
  }

  async #read(end: number, { signal, onBytes }: Watch): Promise<void> {
    const range = { start: this.#position, end };
    this.#position = end;
    await dropFromCache(this.#path, signal);
    await using source = await openFileSource(this.#path);
    const { pass, taking } = this.#hash(end);
    for await (const block of pass.read(source, range)) {
      signal.throwIfAborted();
      taking.take(block);
      onBytes?.(block.length);
    }
  }

  #hash(sizeBytes: number): { readonly pass: Pass; readonly taking: Taking<string> } {
    if (this.#sha256 === undefined) {
      const pass = this.#open.use(passOver(sizeBytes));
      this.#sha256 = { pass, taking: pass.begin(CHECKSUM, 'sha256') };
    }
    return this.#sha256;
  }
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
