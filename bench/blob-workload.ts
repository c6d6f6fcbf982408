import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { randomFrom } from '../src/demo/random.ts';
import { blobPath, LAYOUT_FILE, UNCOMMITTED_FOLDER } from '../src/filestorage/blob-layout.ts';
import { oidFrom } from '../src/filestorage/oid.ts';
import { type Microseconds, tidOfMicroseconds } from '../src/filestorage/tid.ts';

const BLOB_BYTES = 4096;
/** Incompressible bytes of which every blob is another piece. */
const POOL_BYTES = 1 << 20;
/** A blob each second since then. */
const FIRST_SECOND = 1_700_000_000;

/** Makes a bushy blob directory with as many blobs of 4 kB, as a server leaves it: each is read-only. */
export function makeBlobDirectory(path: string, count: number): void {
  const pool = randomFrom(count).bytes(POOL_BYTES);
  mkdirSync(join(path, UNCOMMITTED_FOLDER), { recursive: true, mode: 0o700 });
  writeFileSync(join(path, LAYOUT_FILE), 'bushy');
  for (let number = 1; number <= count; number += 1) {
    const seconds = FIRST_SECOND + number;
    const tid = tidOfMicroseconds((BigInt(seconds) * 1_000_000n) as Microseconds);
    const file = join(path, blobPath('bushy', { oid: oidFrom(number), tid }));
    const start = (number * 13) % (POOL_BYTES - BLOB_BYTES);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, pool.subarray(start, start + BLOB_BYTES), { mode: 0o400 });
    utimesSync(file, seconds, seconds);
  }
}
