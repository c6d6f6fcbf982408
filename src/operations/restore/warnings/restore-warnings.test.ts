import { describe, expect, it } from 'vitest';
import { NO_SOURCE_FAULTS } from '../../../repository/lineage/source-faults.ts';
import type { RestorePlanWarning } from '../../run/warnings/restore-warnings.ts';
import { refuseGuess } from './restore-warnings.ts';

const warning = { kind: 'warning' } as const;
const target = '/site/Data.fs';
const repository = '/backups';
const stamp = '2026-03-01-00-00-00';

const TWO = { target, begins: 'Monday', backupBegins: 'Tuesday' } as const;
const BAD = { ...warning, code: 'point-doubted', storage: '1', repository, target, stamp } as const;
const why = {
  reasons: [{ kind: 'incomplete' }],
  known: NO_SOURCE_FAULTS,
} as const;
const silent = { onEvent: () => {} };
const older = { stamp: '2026-02-01-00-00-00', is: 'older' } as const;

const DATABASES: RestorePlanWarning = {
  ...warning,
  code: 'second-database',
  repository,
  target,
  newest: 'a.fs',
  newestBegins: 'Monday',
  other: 'b.fs',
  otherBegins: 'Tuesday',
};
const COPIES: RestorePlanWarning = {
  ...warning,
  code: 'second-copy',
  is: 'copy',
  repository,
  target,
  newest: stamp,
  path: '/copy/Data.fs',
  other: older.stamp,
  otherPath: target,
};
const LEFT_OUT: RestorePlanWarning = {
  ...warning,
  code: 'storage-left-out',
  storage: 'catalog',
  stamp: older.stamp,
  newest: stamp,
  runs: 2,
};

describe('a restore without a date and without a question', () => {
  it.each<[string, RestorePlanWarning]>([
    ['of another database is kept', { ...warning, code: 'other-database', ...TWO, isKept: true }],
    [
      'of what may be another database is kept',
      { kind: 'notice', code: 'perhaps-other-database', ...TWO, isKept: true },
    ],
    ['was faulty when it was backed up', { ...BAD, how: 'known', ...why, better: older }],
    ['is bad, and there is none better', { ...BAD, how: 'bad', ...why, better: undefined }],
    [
      'is bad, and only newer ones are better',
      { ...BAD, how: 'bad', ...why, better: { ...older, is: 'newer' } },
    ],
    ['is older than other storages', LEFT_OUT],
  ])('goes on where what it is about %s', (_, warning) => {
    expect(() => refuseGuess([warning], silent)).not.toThrow();
  });

  it.each<[string, RestorePlanWarning]>([
    [
      'another database would be gone for good',
      { ...warning, code: 'other-database', ...TWO, isKept: false },
    ],
    [
      'what may be another database would be',
      { kind: 'notice', code: 'perhaps-other-database', ...TWO, isKept: false },
    ],
    ['there are backups of two databases', DATABASES],
    ['there are backups of two copies', COPIES],
    ['an older point is better', { ...BAD, how: 'bad', ...why, better: older }],
  ])('is refused where %s', (_, warning) => {
    const refused = expect.objectContaining({
      code: 'refused',
      message: expect.stringContaining(`Cannot restore to "${target}" without a question`),
    });
    expect(() => refuseGuess([LEFT_OUT, warning], silent)).toThrow(refused);
  });
});
