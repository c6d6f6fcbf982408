import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../src/demo/random.ts';
import { scratchFolder } from '../support/scratch.ts';
import { SimulatedSite } from './simulated-site.ts';
import { anyMoment, judgeOpened, judgeRestored, liveOn, wordsOf } from './year.ts';

const scratch = scratchFolder();
/** Others show more: `YEARS=8,9,10 npx vitest run test/moments`. */
const SEEDS = (process.env['YEARS'] ?? '1,3').split(',').map(Number);
const STEPS = 60;
const OPENED_EACH_STEP = 3;
/** A restore by the command takes as long as many that are opened. */
const STEPS_TO_RESTORE = 6;

describe('a year of commits, undos, packs, backups, restores and wrong clocks', () => {
  it.each(SEEDS)('of seed %i gives each moment as it was, or refuses it', async (seed) => {
    const random = randomFrom(seed);
    const site = await SimulatedSite.begin(join(scratch, `year-${seed}`), random);
    for (let step = 0; step < STEPS; step++) {
      await liveOn(site, random);
      for (let count = 0; count < OPENED_EACH_STEP; count++) {
        const asked = anyMoment(site, random);
        const said = await judgeOpened(site, asked);
        expect({ step, opened: wordsOf(asked), said }).toMatchObject({ said: undefined });
      }
      if (step % STEPS_TO_RESTORE > 0) continue;
      const asked = anyMoment(site, random);
      const said = await judgeRestored(site, asked);
      expect({ step, restored: wordsOf(asked), said }).toMatchObject({ said: undefined });
    }
  });
});
