/** A small sample of what `npm run torture` does whole, and `.ci/run` more of; docs/internals/reliability.md says what it proves. */
import { beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE, SAMPLE_NAME } from '../support/sample.ts';
import { scratchFolder } from '../support/scratch.ts';
import { runCampaign, type ScenarioResult } from './campaign.ts';
import { SCENARIOS } from './scenarios.ts';
import { obstacle } from './tracing.ts';

/** One of each kind of work; `.ci/run` has all scenarios. */
const CHOSEN = SCENARIOS.filter(({ name }) =>
  [
    ...['first-backup', 'prune-chain', 'plain-prune', 'repozo-full-kill'],
    ...['restore-own-copy', 'stand-by', 'undo', 'delete', 'install'],
  ].includes(name),
);
/** Chosen so that the sample takes half a minute on two cores, and prime, so that it meets all kinds. */
const EVERY = 397;
const RANDOM_KILLS = 5;
const LANES = 2;

const scratch = scratchFolder();
const reason = obstacle();
if (reason !== undefined) process.stdout.write(`no torture: ${reason}\n`);

it('has each of its scenarios', () => {
  expect(CHOSEN).toHaveLength(9);
});

describe.skipIf(reason !== undefined)(`torture, every ${EVERY}th fault, ${SAMPLE_NAME}`, () => {
  let results: readonly ScenarioResult[] = [];

  beforeAll(async () => {
    results = await runCampaign({
      scenarios: CHOSEN,
      folder: scratch,
      every: EVERY,
      from: SAMPLE % EVERY,
      randomKills: RANDOM_KILLS,
      only: '',
      lanes: LANES,
      onLine: (line) => process.stdout.write(`${line}\n`),
    });
  }, 900_000);

  it.each(CHOSEN.map(({ name }) => name))('%s stands it', (name) => {
    const result = results.find(({ scenario }) => scenario === name);
    expect(result?.calls).toBeGreaterThan(0);
    expect(result?.findings).toEqual([]);
  });
});
