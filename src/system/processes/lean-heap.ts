import { setFlagsFromString } from 'node:v8';

/**
 * Lets the heap of this process grow by a third of what is in use, before what isn't used goes. By default it may grow to
 * a multiple: for a list of 100,000 blobs 500 MB in place of 250, at the same speed, beside a site that needs the memory.
 */
export function keepHeapLean(): void {
  setFlagsFromString('--heap-growing-percent=30');
}
