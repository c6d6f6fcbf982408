import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const THREAD_FAULTS = ['dies', 'ends', 'hangs', 'lies'] as const;

/** The environment in which threads that do this work misbehave, from so many blocks on. */
export function badThread(
  work: 'content-md5' | 'checksum',
  { fault, block }: { readonly fault: (typeof THREAD_FAULTS)[number]; readonly block: number },
): Readonly<Record<string, string>> {
  return {
    NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'bad-thread.mjs'))}`,
    BAD_WORK: work,
    BAD_FAULT: fault,
    BAD_BLOCK: String(block),
  };
}
