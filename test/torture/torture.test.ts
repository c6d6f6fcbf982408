/** A small sample of what `npm run torture` does whole, and `.ci/run` more of; docs/internals/reliability.md says what it proves. */
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchFolder } from '../support/scratch.ts';
import { runCampaign, type ScenarioResult } from './campaign.ts';
import { SCENARIOS } from './scenarios.ts';
import { obstacle } from './tracing.ts';

/** Chosen so that the sample takes a minute or two on two cores, and prime, so that it meets all kinds. */
const EVERY = 397;
const RANDOM_KILLS = 4;
const LANES = 2;

const scratch = scratchFolder();
const reason = obstacle();
if (reason !== undefined) process.stdout.write(`no torture: ${reason}\n`);

describe.skipIf(reason !== undefined)(`torture, every ${EVERY}th fault`, () => {
  let results: readonly ScenarioResult[] = [];

  beforeAll(async () => {
    results = await runCampaign({
      scenarios: SCENARIOS,
      folder: scratch,
      every: EVERY,
      randomKills: RANDOM_KILLS,
      only: '',
      lanes: LANES,
      onLine: (line) => process.stdout.write(`${line}\n`),
    });
  }, 900_000);

  it.each(SCENARIOS.map(({ name }) => name))('%s stands it', (name) => {
    const result = results.find(({ scenario }) => scenario === name);
    expect(result?.calls).toBeGreaterThan(0);
    expect(result?.findings).toEqual([]);
  });
});
