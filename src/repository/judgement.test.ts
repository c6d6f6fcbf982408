import { describe, expect, it } from 'vitest';
import { stamp } from '../../test/support/stamp.ts';
import {
  areBlobsThere,
  type BlobFacts,
  hasFaultyBlobs,
  isSound,
  judgePoint,
  mayBuildOn,
  type PointFacts,
  reasonsAgainst,
} from './judgement.ts';
import { NO_SOURCE_FAULTS } from './lineage/source-faults.ts';
import type { Check } from './records/check-results.ts';
import { findSiteFault } from './site-faults.ts';

const POINT = stamp('2026-03-01-04-05-06');

const THERE: BlobFacts = {
  kind: 'there',
  isExact: true,
  amount: 'not-counted',
};

const HEALTHY: PointFacts = {
  stamp: POINT,
  files: [],
  runEnd: 'complete',
  known: NO_SOURCE_FAULTS,
  checks: [],
  blobs: THERE,
};

/** A look, on the day of March that is said. */
function look(
  day: number,
  kind: Check['kind'],
  { part = 'data', where }: { part?: Check['part']; where?: 'stored' | 'database' } = {},
): Check {
  const at = `2026-03-${String(day).padStart(2, '0')}T05:00:00.000Z`;
  const common = { stamp: POINT, kind, part, at, seconds: 1 } as const;
  if (where === undefined) return { ...common, outcome: 'good' };
  return { ...common, outcome: 'bad', faults: { where, names: ['reference 0001'], count: 1 } };
}

const stored = { where: 'stored' } as const;
const database = { where: 'database' } as const;
const blobs = { part: 'blobs' } as const;

/** What each reader asks. */
const ANSWERS = {
  /** May an increment build on it? */
  build: mayBuildOn,
  /** May it be counted and recommended; is a restore of it without a word? */
  sound: isSound,
  /** Does it take the place of an older one only where none has better blobs? */
  faultyBlobs: hasFaultyBlobs,
  /** Are there blobs to restore? */
  blobs: areBlobsThere,
};

describe('the judgement of a restore point', () => {
  it.each<
    [
      name: string,
      change: Partial<PointFacts>,
      parts: [data: string, blobs: string],
      answers: (keyof typeof ANSWERS)[],
    ]
  >([
    ['healthy', {}, ['unknown', 'good'], ['build', 'sound', 'blobs']],
    [
      'a file lost',
      { files: [{ kind: 'resized', fileName: 'a.fsz' }] },
      ['bad', 'good'],
      ['blobs'],
    ],
    ['run not complete', { runEnd: 'incomplete' }, ['unknown', 'bad'], ['build']],
    [
      'run not complete, and no blobs',
      { runEnd: 'incomplete', blobs: { kind: 'unseen' } },
      ['unknown', 'bad'],
      ['build'],
    ],
    [
      'without blobs of its own',
      { runEnd: 'alone', blobs: { kind: 'none' } },
      ['unknown', 'good'],
      ['build', 'sound', 'blobs'],
    ],
    [
      'by repozo, with blobs of its moment',
      { runEnd: 'unrecorded' },
      ['unknown', 'good'],
      ['build', 'sound', 'blobs'],
    ],
    [
      'by repozo, with earlier blobs',
      { runEnd: 'unrecorded', blobs: { ...THERE, isExact: false } },
      ['unknown', 'unknown'],
      ['build', 'sound'],
    ],
    [
      'by repozo, with no blobs',
      {
        runEnd: 'unrecorded',
        blobs: { kind: 'missing', isExpected: false, why: { kind: 'none-there' } },
      },
      ['unknown', 'unknown'],
      ['build', 'sound'],
    ],
    [
      'its blobs gone, and earlier ones there',
      { blobs: { ...THERE, isExact: false } },
      ['unknown', 'bad'],
      ['build'],
    ],
    [
      'its blobs gone',
      { blobs: { kind: 'missing', isExpected: true, why: { kind: 'none-there' } } },
      ['unknown', 'bad'],
      ['build'],
    ],
    [
      'a copy with other files than were counted',
      { blobs: { ...THERE, amount: 'other' } },
      ['unknown', 'bad'],
      ['build', 'faultyBlobs', 'blobs'],
    ],
    ['other bytes, by verify', { checks: [look(2, 'verify', stored)] }, ['bad', 'good'], ['blobs']],
    [
      'a faulty database, by verify --deep',
      { checks: [look(2, 'deep', database)] },
      ['bad', 'good'],
      ['build', 'blobs'],
    ],
    [
      'a faulty database, by a rehearsal',
      { checks: [look(2, 'rehearsal', database)] },
      ['bad', 'good'],
      ['build', 'blobs'],
    ],
    [
      'a faulty database, by a sample',
      { checks: [look(2, 'sample', database)] },
      ['bad', 'good'],
      ['build', 'blobs'],
    ],
    [
      'faulty blobs, by verify --deep',
      { checks: [look(2, 'deep', { ...blobs, ...stored })] },
      ['unknown', 'bad'],
      ['build', 'faultyBlobs', 'blobs'],
    ],
    [
      'faulty blobs, after a rehearsal by a clock that was ahead',
      { checks: [look(31, 'rehearsal', blobs), look(2, 'deep', { ...blobs, ...stored })] },
      ['unknown', 'bad'],
      ['build', 'faultyBlobs', 'blobs'],
    ],
    [
      'faulty blobs by a clock that was ahead, and a rehearsal since',
      { checks: [look(31, 'deep', { ...blobs, ...stored }), look(2, 'rehearsal', blobs)] },
      ['unknown', 'good'],
      ['build', 'sound', 'blobs'],
    ],
    [
      'faulty blobs, found while a rehearsal ran',
      {
        checks: [
          look(3, 'deep', { ...blobs, ...stored }),
          { ...look(2, 'rehearsal', blobs), seconds: 2 * 24 * 3600 },
        ],
      },
      ['unknown', 'bad'],
      ['build', 'faultyBlobs', 'blobs'],
    ],
  ])('%s', (_, change, [data, ofBlobs], answers) => {
    const judgement = judgePoint({ ...HEALTHY, ...change });
    expect([judgement.data.kind, judgement.blobs.kind]).toEqual([data, ofBlobs]);
    const yes = Object.entries(ANSWERS).filter(([, ask]) => ask(judgement));
    expect(yes.map(([name]) => name)).toEqual(
      Object.keys(ANSWERS).filter((name) => answers.some((one) => one === name)),
    );
    const isBad = data === 'bad' || ofBlobs === 'bad';
    expect(reasonsAgainst(judgement).length > 0).toBe(isBad);
  });

  const DEPTHS = ['verify', 'sample', 'deep', 'rehearsal'] as const;

  it.each(DEPTHS.flatMap((bad) => DEPTHS.map((good) => [bad, good] as const)))(
    'what %s has found bad is disproved by a later %s only if that sees as much',
    (bad, good) => {
      const found = look(2, bad, database);
      const later = judgePoint({ ...HEALTHY, checks: [found, look(3, good)] });
      const isAsDeep = DEPTHS.indexOf(good) >= DEPTHS.indexOf(bad);
      const isOtherSample = good === 'sample' && bad === 'sample';
      expect(later.data.kind).toBe(isAsDeep && !isOtherSample ? 'good' : 'bad');
      const earlier = judgePoint({ ...HEALTHY, checks: [look(1, good), found] });
      expect(earlier.data.kind).toBe('bad');
    },
  );

  it('takes a good deep look into both parts for a lost mark, and nothing less', () => {
    const both = (kind: Check['kind']) => [look(2, kind), look(2, kind, blobs)];
    const wrapped = { wrapped: true } as const;
    for (const [checks, run] of [
      [both('deep'), 'complete'],
      [both('rehearsal'), 'complete'],
      [both('sample'), 'incomplete'],
      [both('verify'), 'incomplete'],
      [[look(2, 'deep')], 'incomplete'],
      [[look(2, 'deep', blobs)], 'incomplete'],
      [both('rehearsal').map((one) => ({ ...one, ...wrapped })), 'incomplete'],
      [[...both('deep'), look(3, 'verify', { ...blobs, ...stored })], 'incomplete'],
    ] as const) {
      const judged = judgePoint({ ...HEALTHY, runEnd: 'incomplete', checks });
      expect([judged.run, isSound(judged)]).toEqual([run, run === 'complete']);
    }
    const borrowed = { ...HEALTHY, blobs: { ...THERE, isExact: false } };
    const judged = judgePoint({ ...borrowed, runEnd: 'incomplete', checks: both('deep') });
    expect([judged.run, isSound(judged)]).toEqual(['incomplete', false]);
  });

  it('says how deep the deepest look was that found nothing, of each part', () => {
    const checks = [look(2, 'deep'), look(3, 'verify'), look(3, 'verify', blobs)];
    expect(judgePoint({ ...HEALTHY, checks })).toMatchObject({
      data: { kind: 'good', depth: 'deep' },
      blobs: { kind: 'good', depth: 'verify' },
    });
  });
});

describe('a fault of the site itself', () => {
  const judged = (checks: readonly Check[]) => judgePoint({ ...HEALTHY, checks });
  const faulty = judged([look(2, 'deep', database)]);
  const other = {
    ...look(2, 'deep', database),
    faults: { where: 'database', names: ['pickle 0002'], count: 1 },
  } as const;

  it.each([
    ['is in each point back to the oldest', [faulty, judged([]), faulty], 2],
    ['is not told by one point', [faulty], 0],
    ['is none where the oldest was never looked at', [judged([]), faulty, faulty], 0],
    ['is none where one point is without it', [faulty, judged([look(2, 'deep')]), faulty], 0],
    ['is none of what is stored', [judged([look(2, 'deep', stored)]), faulty], 0],
    ['is the same in all, and not a new one', [faulty, judged([other])], 0],
  ])('%s', (_, judgements, expected) => {
    expect(findSiteFault(judgements)?.stamps.length ?? 0).toBe(expected);
  });
});
