import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IS_WHOLE, SAMPLE } from '../support/sample.ts';
import { scratchFolder } from '../support/scratch.ts';
import type { SiteKind } from './simulated-site.ts';
import { wrongInYear } from './year.ts';

const scratch = scratchFolder();
const KINDS: readonly SiteKind[] = ['one storage', 'blobs', 'two storages'];
/** Others show more: `YEARS=8,9,10 npx vitest run --project long test/moments`. */
const ASKED = process.env['YEARS'];
const SEEDS = (ASKED ?? '1,2,6').split(',').map(Number);
const STEPS = 60;
/** Each takes some ten seconds. Of those that nobody asked for, each kind of site has one, another one each day. */
const YEARS = KINDS.flatMap((kind, row) =>
  SEEDS.filter(
    (_, index) => ASKED !== undefined || IS_WHOLE || index === (SAMPLE + row) % SEEDS.length,
  ).map((seed) => [seed, kind] as const),
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
