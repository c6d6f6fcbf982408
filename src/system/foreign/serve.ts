import { readSync, writeSync } from 'node:fs';
import { systemCodeOf } from '../failure.ts';
import type { ForeignLibrary } from './calls.ts';
import { decodeLength, encodeLength, LENGTH_BYTES } from './frame.ts';

const STDIN = 0;
const STDOUT = 1;

/**
 * Answers requests from stdin on stdout, one after the other, until stdin ends. It waits in each call, so a process of its
 * own runs it. An error if a request is too long, or cut.
 */
export function serveLibrary(library: ForeignLibrary): void {
  const header = Buffer.alloc(LENGTH_BYTES);
  while (readWhole(header)) {
    const length = decodeLength(header);
    if (length > library.content.length) throw new Error(`a request has ${length} bytes`);
    if (!readWhole(library.content.subarray(0, length))) throw new Error('a request is cut');
    const made = library.answer(length);
    writeWhole(encodeLength(made?.length ?? 0));
    if (made !== undefined) writeWhole(made);
  }
}

/** Whether all of it could be read. */
function readWhole(bytes: Uint8Array): boolean {
  let offset = 0;
  while (offset < bytes.length) {
    const count = whenReady(() => readSync(STDIN, bytes, offset, bytes.length - offset, null));
    if (count === 0) return false;
    offset += count;
  }
  return true;
}

function writeWhole(bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) offset += whenReady(() => writeSync(STDOUT, bytes, offset));
}

/** Calls again until the pipe is ready: what Node loaded before us may have made it one that doesn't wait. */
function whenReady(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (systemCodeOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(NEVER_WOKEN, 0, 0, RETRY_MS);
    }
  }
}

const RETRY_MS = 1;
const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4));
