import { describe, expect, it } from 'vitest';
import { type ContinuityFacts, judgeContinuity } from './continuity.ts';

/** As a pack leaves it that has removed the last transaction, where nobody has looked at the objects. */
const PACKED: ContinuityFacts = {
  holdsLast: false,
  hasRemains: false,
  isPackedFromOld: false,
  isMarkedByPack: true,
  objects: undefined,
};
const OBJECTS = { total: 3, left: 1, gone: 1, isSetBack: false, hasStrangers: false };

describe('judgement of a Data.fs', () => {
  it.each<[string, Partial<ContinuityFacts>, string]>([
    ['has the last transaction', { holdsLast: true, isMarkedByPack: false }, 'continued'],
    ['has remains of a lost transaction', { hasRemains: true }, 'lost'],
    ['was packed from what Data.fs.old has', { isPackedFromOld: true }, 'continued'],
    ['was never packed', { isMarkedByPack: false, objects: OBJECTS }, 'lost'],
    ['has an older state of an object', { objects: { ...OBJECTS, isSetBack: true } }, 'lost'],
    ['has every object as it was', { objects: { ...OBJECTS, left: 3, gone: 0 } }, 'continued'],
    ['has other objects as they were', { objects: OBJECTS }, 'unknown'],
    [
      'has objects that a pack took from the backup',
      { objects: { ...OBJECTS, left: 3, gone: 0, hasStrangers: true } },
      'unknown',
    ],
    ['can not be read whole', {}, 'unknown'],
  ])('of one that %s', (_, facts, kind) => {
    expect(judgeContinuity({ ...PACKED, ...facts }).kind).toBe(kind);
  });
});
