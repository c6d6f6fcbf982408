import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../support/scratch.ts';
import type { SiteKind } from './simulated-site.ts';
import { wrongInYear } from './year.ts';

const scratch = scratchFolder();
const KINDS: readonly SiteKind[] = ['one storage', 'blobs', 'two storages'];
/** Others show more: `YEARS=8,9,10 npx vitest run --project long test/moments`. */
const SEEDS = (process.env['YEARS'] ?? '1,2,6').split(',').map(Number);
const STEPS = 60;
/** Of two storages every other one: each takes a quarter of a minute. */
const YEARS = SEEDS.flatMap((seed, row) =>
  KINDS.filter((kind) => kind !== 'two storages' || row % 2 === 0).map(
    (kind) => [seed, kind] as const,
  ),
);

describe('a year of commits, undos, packs, backups, restores and wrong clocks', () => {
  it.each(YEARS)(
    'of seed %i gives each moment as it was, or refuses it: %s',
    async (seed, kind) => {
      const folder = join(scratch, `year-${seed}-${kind.replace(' ', '-')}`);
      expect(await wrongInYear(folder, { seed, kind, steps: STEPS })).toBeUndefined();
    },
  );
});
