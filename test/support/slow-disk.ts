import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The environment in which each read of a file takes so long (a synchronous one a fifth of it), and
 * lines of progress come so often.
 */
export function slowDisk(
  readMs: number,
  { lineMs }: { readonly lineMs?: number } = {},
): Readonly<Record<string, string>> {
  return {
    NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'slow-disk.mjs'))}`,
    SLOW_READ_MS: String(readMs),
    ...(lineMs === undefined ? {} : { LINE_MS: String(lineMs) }),
  };
}
