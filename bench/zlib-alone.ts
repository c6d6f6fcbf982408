import { closeSync, openSync, readSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { gzip } from 'node:zlib';

/**
 * Compresses a file in blocks of 1 MiB on all cores, and throws the result away: what zlib alone needs.
 * Usage: zlib-alone.ts FILE LEVEL
 */
const BLOCK_BYTES = 1 << 20;

const [path = '', level = ''] = process.argv.slice(2);
const file = openSync(path, 'r');
let position = 0;
await Promise.all(Array.from({ length: availableParallelism() }, compressBlocks));
closeSync(file);

async function compressBlocks(): Promise<void> {
  const block = Buffer.alloc(BLOCK_BYTES);
  for (;;) {
    const length = readSync(file, block, 0, BLOCK_BYTES, position);
    if (length === 0) return;
    position += length;
    await new Promise<void>((resolve, reject) => {
      gzip(block.subarray(0, length), { level: Number(level) }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  }
}
