import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder of its own for a test file; it is gone when the file's tests have run. */
export function scratchFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'zodbvault-test-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
