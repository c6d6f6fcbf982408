/** A sample of what `npm run fuzz` does whole; docs/internals/reliability.md says what it proves. */
import { expect, it } from 'vitest';
import { randomFrom } from '../../src/demo/random.ts';
import { corpusOf, inputOf, mix, tryInput } from './target.ts';
import { makeTargets } from './targets.ts';

const INPUTS = 10_000;
/** Always the same: what fails here fails again. `npm run fuzz` takes others. */
const SEED = 1;

const targets = await makeTargets();
const weights = targets.reduce((sum, { weight }) => sum + weight, 0);

it.each(targets.map((target) => [target.name, target] as const))(
  '%s has a result or our failure for every changed input',
  async (_, target) => {
    for (const [name, input] of corpusOf(target.name)) {
      const random = randomFrom(SEED);
      expect([name, await tryInput(target, { input: Buffer.from(input), random })]).toEqual([
        name,
        undefined,
      ]);
    }
    for (let number = 0; number < (INPUTS * target.weight) / weights; number++) {
      const random = randomFrom(mix(SEED + 1, number));
      const input = inputOf(target, { seed: SEED, number });
      expect([number, await tryInput(target, { input, random })]).toEqual([number, undefined]);
    }
  },
);
