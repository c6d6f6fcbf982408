import { describe, expect, it } from 'vitest';
import { madeChain } from '../../../test/support/made-chain.ts';
import { stamp } from '../../../test/support/stamp.ts';
import type { BlobFacts, PointFacts } from '../../repository/judgement.ts';
import { NO_SOURCE_FAULTS } from '../../repository/lineage/source-faults.ts';
import type { Check } from '../../repository/records/check-results.ts';
import { worthOfChains } from './chain-worth.ts';

const THERE = { kind: 'there', isExact: true, amount: 'not-counted' } as const;
const GONE: BlobFacts = { kind: 'missing', isExpected: true, why: { kind: 'none-there' } };
const at = (day: number) => stamp(`2026-03-0${day}-00-00-00`);

function look(day: number, kind: Check['kind'], outcome: Check['outcome']): Check {
  const time = `2026-03-0${day}T01:00:00.000Z`;
  const common = { stamp: at(day), kind, part: 'data', at: time, seconds: 1, outcome } as const;
  if (outcome === 'good') return common;
  return { ...common, faults: { where: 'database', names: ['reference 0001'], count: 1 } };
}

const amiss: Check = {
  ...look(1, 'verify', 'bad'),
  part: 'blobs',
  faults: { where: 'stored', names: ['x'], count: 1 },
};

/** A full backup each day, of which nothing else is known than what is said. */
function worths(
  days: readonly Partial<PointFacts>[],
  more: Partial<Parameters<typeof worthOfChains>[1]> = {},
) {
  const chains = days.map((_, index) => madeChain([at(index + 1)]));
  const facts = days.map((change, index): PointFacts => {
    const own = {
      stamp: at(index + 1),
      files: [],
      runEnd: 'complete',
      known: NO_SOURCE_FAULTS,
    } as const;
    return { ...own, checks: [], blobs: THERE, ...change };
  });
  const settings = {
    facts: new Map(facts.map((one) => [one.stamp, one])),
    hasComing: false,
    standing: undefined,
    ...more,
  };
  return worthOfChains(chains, settings).then((all) => all.map(({ worth }) => worth));
}

describe('the worth of full backups', () => {
  it.each<[string, readonly Partial<PointFacts>[], readonly string[]]>([
    ['healthy ones count', [{}, {}], ['counts', 'counts']],
    [
      'one without its files is faulty',
      [{ files: [{ kind: 'resized', fileName: 'a.fsz' }] }, {}],
      ['faulty', 'counts'],
    ],
    ['one without its blobs is lacking', [{ blobs: GONE }, {}], ['lacking', 'counts']],
    [
      'behind one with faults of the site, one that nobody has looked into is faulty',
      [{}, { checks: [look(2, 'deep', 'bad')] }, {}],
      ['counts', 'faulty', 'faulty'],
    ],
    [
      'behind that, one that was seen as deeply counts',
      [{ checks: [look(1, 'deep', 'bad')] }, { checks: [look(2, 'deep', 'good')] }, {}],
      ['faulty', 'counts', 'counts'],
    ],
    [
      'behind that, one that was seen less deeply does not',
      [{ checks: [look(1, 'deep', 'bad')] }, { checks: [look(2, 'verify', 'good')] }],
      ['faulty', 'faulty'],
    ],
    ['one of which only the blobs are faulty counts alone', [{ checks: [amiss] }], ['counts']],
    [
      'behind one with sound blobs it does not',
      [{}, { checks: [{ ...amiss, stamp: at(2) }] }],
      ['counts', 'faulty'],
    ],
  ])('%s', async (_, days, expected) => {
    expect(await worths(days)).toEqual(expected);
  });

  it('has one more where one is to come, which has the faults that the site has', async () => {
    expect(await worths([{}], { hasComing: true })).toEqual(['counts', 'counts']);
    const faulty = [{ checks: [look(1, 'deep', 'bad')] }];
    expect(await worths(faulty, { hasComing: true })).toEqual(['faulty', 'faulty']);
  });

  it('goes by a look at a point that is gone by now, for what is newer', async () => {
    const standing = { ...look(1, 'deep', 'bad'), stamp: '2026-03-01-12-00-00' };
    expect(await worths([{}, {}], { standing })).toEqual(['counts', 'faulty']);
  });

  it('goes by the number of files in blob backups where somebody counts them', async () => {
    const amountOf = (point: string) =>
      Promise.resolve(point === at(2) ? ('other' as const) : ('as-recorded' as const));
    expect(await worths([{}, {}], { amountOf })).toEqual(['counts', 'faulty']);
    expect(await worths([{}, {}])).toEqual(['counts', 'counts']);
  });
});
