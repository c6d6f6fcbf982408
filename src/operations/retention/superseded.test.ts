import { describe, expect, it } from 'vitest';
import { catalogueWith } from '../../../test/support/made-chain.ts';
import { stamp } from '../../../test/support/stamp.ts';
import { judgePoint } from '../../repository/judgement.ts';
import { NO_SOURCE_FAULTS } from '../../repository/lineage/source-faults.ts';
import type { RunEnd } from '../../repository/records/completion.ts';
import { findLeft, wasLeftByRun } from './superseded.ts';

const at = (day: number) => `2026-03-0${day}-00-00-00`;

/** What was made on a day, and how its run ended. */
type Day = readonly ['full' | 'increment', RunEnd];

function repository(...days: readonly Day[]) {
  const names = days.flatMap(([kind], index) => {
    const name = at(index + 1);
    return kind === 'full' ? [`${name}.fs`, `${name}.dat`] : [`${name}.deltafs`];
  });
  const judged = days.map(([, runEnd], index) =>
    judgePoint({
      stamp: stamp(at(index + 1)),
      files: [],
      runEnd,
      known: NO_SOURCE_FAULTS,
      checks: [],
      blobs: { kind: 'none' },
    }),
  );
  const judgements = new Map(judged.map((one) => [one.stamp, one]));
  const { chains } = catalogueWith(...names);
  const points = chains.map(({ full, increments }) => [full, ...increments]);
  return {
    chains: points.map((files) => ({ links: files.map((file) => ({ file })) })),
    judgements,
  };
}

type Points = ReturnType<typeof repository>['chains'];

function stampsOfEnds(chains: Points, { ends }: ReturnType<typeof findLeft>) {
  return ends.map(({ index, from }) =>
    chains[index]?.links.slice(from).map(({ file }) => file.stamp),
  );
}

describe('what a newer complete backup supersedes', () => {
  it.each<[string, readonly Day[], readonly (readonly number[])[]]>([
    [
      'nothing, where all are complete',
      [
        ['full', 'complete'],
        ['increment', 'complete'],
      ],
      [],
    ],
    [
      'nothing, where none is newer',
      [
        ['full', 'complete'],
        ['increment', 'incomplete'],
      ],
      [],
    ],
    [
      'the incomplete end of a chain before',
      [
        ['full', 'complete'],
        ['increment', 'incomplete'],
        ['increment', 'incomplete'],
        ['full', 'complete'],
      ],
      [[2, 3]],
    ],
    [
      'an incomplete chain',
      [
        ['full', 'incomplete'],
        ['full', 'complete'],
      ],
      [[1]],
    ],
    [
      'nothing on which a complete point builds',
      [
        ['full', 'incomplete'],
        ['increment', 'complete'],
        ['full', 'complete'],
      ],
      [],
    ],
    [
      'what was left since the last complete one, and nothing older',
      [
        ['full', 'incomplete'],
        ['full', 'complete'],
        ['full', 'incomplete'],
        ['full', 'complete'],
      ],
      [[3]],
    ],
    [
      'nothing that nobody has promised',
      [
        ['full', 'unrecorded'],
        ['full', 'complete'],
      ],
      [],
    ],
  ])('is %s', (_, days, expected) => {
    const { chains, judgements } = repository(...days);
    const found = stampsOfEnds(chains, findLeft(chains, { judgements }));
    expect(found).toEqual(expected.map((points) => points.map(at)));
  });

  it('is planned for a full backup that comes, not for an increment that builds on it', () => {
    const { chains, judgements } = repository(['full', 'complete'], ['increment', 'incomplete']);
    const plan = (coming: 'full' | 'increment' | 'nothing') =>
      stampsOfEnds(chains, findLeft(chains, { judgements, coming }));
    expect(plan('full')).toEqual([[at(2)]]);
    expect(plan('increment')).toEqual([]);
    expect(plan('nothing')).toEqual([]);
  });
});

describe('the run that left a backup', () => {
  const made = [{ storage: '1', stamp: '2026-03-01-00-00-27' }];
  const run = (second: string, result: 'done' | 'failed' | 'killed' | 'running', more = {}) => ({
    verb: 'backup' as const,
    begun: `2026-03-01T00:00:${second}Z`,
    result,
    ...more,
  });
  it.each([
    ['failed', [run('26.100', 'failed')], true],
    [
      'was killed, and another began in the same second',
      [run('26.9', 'killed'), run('27.9', 'running')],
      true,
    ],
    ['goes on', [run('20.000', 'done', { made: [] }), run('26.100', 'running')], true],
    ['is not known', [], false],
    ['ended well', [run('26.100', 'done', { made })], false],
    [
      'ended well, as another began in the same second',
      [run('26.9', 'done', { made }), run('27.9', 'running')],
      false,
    ],
    ['ended well after one that failed', [run('20.000', 'failed'), run('26.1', 'done')], false],
    ['began later', [run('28.000', 'failed')], false],
  ])('%s', (_, runs, expected) => {
    expect(wasLeftByRun(stamp('2026-03-01-00-00-27'), runs)).toBe(expected);
  });
});
