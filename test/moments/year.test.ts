import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../support/scratch.ts';
import { wrongInYear } from './year.ts';

const scratch = scratchFolder();

/** `long-year.test.ts` shows more. */
describe('some weeks of commits, undos, packs, backups, restores and wrong clocks', () => {
  it.each(['one storage', 'blobs', 'two storages'] as const)(
    'of a site with %s give each moment as it was, or refuse it',
    async (kind) => {
      const folder = join(scratch, kind.replace(' ', '-'));
      expect(await wrongInYear(folder, { seed: 3, kind, steps: 10 })).toBeUndefined();
    },
  );
});
