import type { Microseconds } from '../../src/filestorage/tid.ts';

/** 2026-01-01T00:00:00Z, always. */
export function fixedClock(): Microseconds {
  return 1_767_225_600_000_000n as Microseconds;
}
