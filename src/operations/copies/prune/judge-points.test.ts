import { describe, expect, it } from 'vitest';
import { CopiedEvents } from '../../../copies/copied-events.ts';
import type { PointName, PointPart } from '../../../copies/layout/keys.ts';
import { pointKey } from '../../../copies/layout/keys.ts';
import { parseStamp } from '../../../repository/layout/stamp.ts';
import type { Check } from '../../../repository/records/check-results.ts';
import { judgePoints } from './judge-points.ts';

const PLACE = { storage: 'Data', kind: 'backup' } as const;

function pointOfDay(day: number, part: PointPart): PointName {
  const stamp = parseStamp(`2026-03-0${day}-02-00-00`);
  if (stamp === undefined) throw new RangeError('it is a stamp');
  return { place: PLACE, stamp, sequence: day, part };
}

/** Two chains: the first has a day, the second three. */
const POINTS = [
  pointOfDay(1, 'full'),
  pointOfDay(2, 'full'),
  pointOfDay(3, 'increment'),
  pointOfDay(4, 'increment'),
];

const bad = { outcome: 'bad', faults: { where: 'stored', names: ['x'], count: 1 } } as const;
const good = { outcome: 'good' } as const;

/** A look at a day's data. */
function look(day: number, found: Partial<Check>): Check {
  const [stamp = '', part] = [`2026-03-0${day}-02-00-00`, 'data'] as const;
  return {
    stamp,
    kind: 'verify',
    part,
    outcome: 'good',
    at: '2026-03-05T00:00:00Z',
    seconds: 1,
    ...found,
  };
}

/** Which of the points are sound, by what was found, in that order. */
function sound(...checks: readonly Check[]): readonly boolean[] {
  const place = { checks, runs: [], keys: [] };
  const verdicts = judgePoints(POINTS, new CopiedEvents(new Map([['Data-backup', place]])));
  return POINTS.map((one) => verdicts.get(pointKey(one))?.isSound ?? false);
}

describe('a restore point of a copy', () => {
  it('is sound where nothing is known against it', () => {
    expect(sound()).toEqual([true, true, true, true]);
    expect(sound(look(1, good), look(2, good))).toEqual([true, true, true, true]);
  });

  it('is not where a damaged one comes before it in its chain, though nobody has looked at it', () => {
    expect(sound(look(2, bad))).toEqual([true, false, false, false]);
    expect(sound(look(3, bad))).toEqual([true, true, false, false]);
  });

  it('is again when a later look has found it good', () => {
    const again = [look(2, good), look(3, good), look(4, good)];
    expect(sound(look(2, bad), ...again)).toEqual([true, true, true, true]);
    expect(sound(...again.slice(1), look(2, bad))).toEqual([true, false, false, false]);
  });

  it('stays damaged whatever a deep look at the backups of the site finds', () => {
    const deep = { ...good, kind: 'deep' } as const;
    expect(sound(look(2, bad), look(2, deep), look(4, deep))).toEqual([true, false, false, false]);
    expect(sound(look(2, bad), look(2, deep), look(2, good))).toEqual([true, true, true, true]);
  });

  it('may have a fault of the database, which a deep look disproves', () => {
    const faults = { where: 'database', names: ['x'], count: 1 } as const;
    const found = look(3, { outcome: 'bad', kind: 'deep', faults });
    expect(sound(found)).toEqual([true, true, false, true]);
    expect(sound(found, look(3, { kind: 'deep' }))).toEqual([true, true, true, true]);
  });
});
