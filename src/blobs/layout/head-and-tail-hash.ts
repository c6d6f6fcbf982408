import { createHash } from 'node:crypto';
import type { Store } from '../../stores/store.ts';
import type { ByteSource } from '../../system/files/byte-source.ts';

const EDGE_BYTES = 1 << 16;

/** What tells an archive from others without reading it: the first and the last 64 KiB, or all of a smaller one, twice. */
export interface HeadAndTailHash {
  readonly sizeBytes: number;
  /** Their sha256, in hex. */
  readonly edges: string;
}

/** Those of a file in a store. Failures: `not-found`, `usage`, `system`. */
export async function headAndTailHashIn(store: Store, name: string): Promise<HeadAndTailHash> {
  await using file = await store.open(name);
  return await readHeadAndTailHash(file);
}

export async function readHeadAndTailHash(file: ByteSource): Promise<HeadAndTailHash> {
  const { sizeBytes } = file;
  const length = Math.min(sizeBytes, EDGE_BYTES);
  const head = await file.read({ start: 0, end: length });
  const tail = await file.read({ start: sizeBytes - length, end: sizeBytes });
  return headAndTailHashOf({ head, tail, sizeBytes });
}

/** Takes those of a stream, as it passes. */
export class HeadAndTailHasher {
  #sizeBytes = 0;
  #head: Uint8Array = Buffer.alloc(0);
  #tail: Uint8Array = Buffer.alloc(0);

  add(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.length;
    if (this.#head.length < EDGE_BYTES) {
      this.#head = Buffer.concat([this.#head, chunk]).subarray(0, EDGE_BYTES);
    }
    const last = chunk.subarray(-EDGE_BYTES);
    this.#tail =
      last.length === EDGE_BYTES
        ? Buffer.from(last)
        : Buffer.concat([this.#tail, last]).subarray(-EDGE_BYTES);
  }

  end(): HeadAndTailHash {
    return headAndTailHashOf({ head: this.#head, tail: this.#tail, sizeBytes: this.#sizeBytes });
  }
}

function headAndTailHashOf({
  head,
  tail,
  sizeBytes,
}: {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  readonly sizeBytes: number;
}): HeadAndTailHash {
  return { sizeBytes, edges: createHash('sha256').update(head).update(tail).digest('hex') };
}
