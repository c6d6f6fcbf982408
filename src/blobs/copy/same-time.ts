import type { Stats } from 'node:fs';

/**
 * Whether two files were changed at the same time, as far as that can be told: one that was copied through
 * a double is off by less than a microsecond.
 */
export function haveSameTime(one: Stats, other: Stats): boolean {
  return Math.abs(one.mtimeMs - other.mtimeMs) < 0.01;
}
