import { nameSome } from '../../../blobs/layout/summarize-names.ts';
import type { SuspectPoint } from '../../../operations/restore/warnings/suspect-points.ts';
import type { RestorePlanWarning } from '../../../operations/run/warnings/restore-warnings.ts';
import type { WarningOf } from '../../../operations/run/warnings/warning.ts';
import { NO_SOURCE_FAULTS } from '../../../repository/lineage/source-faults.ts';
import { describeCommit } from '../../format/moment-words.ts';
import { count, formatUtcMoment } from '../../format/units.ts';
import { describeKnown, describeReason } from '../judgements.ts';
import type { WarningTexts } from './warning-text.ts';

const TWO_DATABASES = {
  target: 'Data.fs',
  begins: '2024-05-01T10:00:00.000000Z',
  backupBegins: '2020-02-02T10:00:00.000000Z',
  isKept: true,
};

export const RESTORE_PLAN_WARNINGS: WarningTexts<RestorePlanWarning['code']> = {
  'moved-before-commit': {
    example: {
      kind: 'notice',
      code: 'moved-before-commit',
      user: '/ jane',
      description: '/Plone/news',
      has: 'catalog',
      lacks: 'Data',
    },
    sentence: ({ user, description, has, lacks }) =>
      `the moment is now right before a commit${describeCommit({ user, description })}: "${has}" had its part of that commit, "${lacks}" did not have it yet; --exact takes the moment as it is`,
  },
  'other-database': {
    example: { kind: 'warning', code: 'other-database', ...TWO_DATABASES },
    sentence: ({ target, begins, backupBegins, isKept }) =>
      `"${target}" is not the database in the backup: its first transaction is of ${formatUtcMoment(begins)}, but that of the backup is of ${formatUtcMoment(backupBegins)}. ${whetherKept(isKept)}`,
  },
  'perhaps-other-database': {
    example: { kind: 'notice', code: 'perhaps-other-database', ...TWO_DATABASES },
    sentence: ({ target, begins, backupBegins, isKept }) =>
      `"${target}" has no transaction in common with the backup. Either a pack removed them, or it is another database: its first transaction is of ${formatUtcMoment(begins)}, that of the backup is of ${formatUtcMoment(backupBegins)}. ${whetherKept(isKept)}`,
  },
  'second-database': {
    example: {
      kind: 'warning',
      code: 'second-database',
      repository: 'backups',
      target: 'Data.fs',
      newest: '2026-03-01-04-05-06.fsz',
      newestBegins: '2024-05-01T10:00:00.000000Z',
      other: '2026-02-01-04-05-06.fsz',
      otherBegins: '2020-02-02T10:00:00.000000Z',
    },
    sentence: ({ repository, newest, newestBegins, other, otherBegins }) =>
      `"${repository}" contains backups of two databases: the first transaction of the newest, "${newest}", is of ${formatUtcMoment(newestBegins)}, that of "${other}" is of ${formatUtcMoment(otherBegins)}`,
  },
  'second-copy': {
    example: {
      kind: 'warning',
      code: 'second-copy',
      is: 'copy',
      repository: 'backups',
      target: '/srv/site/Data.fs',
      newest: '2026-03-02-04-05-06',
      path: '/srv/copy/Data.fs',
      other: '2026-03-01-04-05-06',
      otherPath: '/srv/site/Data.fs',
    },
    sentence: ({ is, repository, newest, path, other, otherPath }) =>
      `"${repository}" contains backups of ${is === 'copy' ? 'two copies of the database' : 'two databases'}: the newest, ${newest}, is of "${path}"; ${other} is the newest of "${otherPath}"`,
  },
  'storage-left-out': {
    example: {
      kind: 'warning',
      code: 'storage-left-out',
      storage: 'catalog',
      stamp: '2026-02-01-04-05-06',
      newest: '2026-03-01-04-05-06',
      runs: 28,
    },
    sentence: ({ storage, stamp, newest, runs }) =>
      `the newest backup of the storage "${storage}" is of ${stamp} (UTC), but the other backups are of ${newest}: since then, ${count(runs, 'backup')} left it out`,
  },
  'point-doubted': {
    example: {
      kind: 'warning',
      code: 'point-doubted',
      storage: '1',
      repository: 'backups',
      target: 'Data.fs',
      stamp: '2026-03-02-04-05-06',
      how: 'bad',
      reasons: [{ kind: 'incomplete' }],
      known: NO_SOURCE_FAULTS,
      better: { stamp: '2026-03-01-04-05-06', is: 'older' },
    },
    sentence: describeSuspectPoint,
    values: ({ kind: _, code: __, known, reasons, ...values }) => ({
      ...values,
      reasons: describeSuspicions({ reasons, known }),
    }),
  },
  'blobs-lacking': {
    example: {
      kind: 'warning',
      code: 'blobs-lacking',
      entry: 'blobstorage.2026-03-02-04-05-06',
      how: 'lack',
      paths: ['0x00/0x01/0x03f5e2a4c0d1b533.blob'],
      count: 2,
      holder: { stamp: '2026-03-01-04-05-06', path: 'blobstorage.2026-03-01-04-05-06' },
    },
    sentence: describeLackingBlobs,
  },
  'blobs-of-another-moment': {
    example: {
      kind: 'warning',
      code: 'blobs-of-another-moment',
      entry: 'blobstorage.2026-03-01-04-05-06',
      match: 'earlier',
      complete: '2026-03-01-04-05-06',
    },
    sentence: describeForeignMoment,
  },
};

function whetherKept(isKept: boolean): string {
  return isKept
    ? 'zodbvault keeps it, so that you can undo the restore'
    : 'zodbvault does not keep it';
}

export function describeSuspectPoint(suspect: SuspectPoint): string {
  const { stamp, how, better } = suspect;
  const is = how === 'bad' ? 'is known to be bad: ' : 'was made while something was wrong: ';
  const other =
    better === undefined
      ? 'no other restore point is known to be better'
      : `the ${better.is} restore point ${better.stamp} has no known fault`;
  return `the restore point ${stamp} ${is}${describeSuspicions(suspect).join('; ')}; ${other}`;
}

function describeSuspicions({ reasons, known }: Pick<SuspectPoint, 'reasons' | 'known'>) {
  return [...new Set([...reasons.map(describeReason), ...describeKnown(known)])];
}

function describeLackingBlobs(lacking: WarningOf<'blobs-lacking'>): string {
  const { entry, how, paths, holder } = lacking;
  const lack = {
    lack: 'lacks',
    'lack-or-differ': 'lacks, or has in a changed form,',
    'may-lack': 'may lack',
  };
  const remedy =
    holder === undefined
      ? 'no backup has them any more'
      : `the restore point ${holder.stamp} has them, in "${holder.path}"`;
  return `"${entry}" ${lack[how]} ${count(lacking.count, 'blob')} that the live site had lost by then: ${nameSome(paths, lacking.count)}; ${remedy}`;
}

function describeForeignMoment({
  entry,
  match,
  complete,
}: WarningOf<'blobs-of-another-moment'>): string {
  if (match === 'later') {
    return `the blobs of "${entry}" belong to a later backup of the Data.fs, as compatible = 2.3 wants it. Blobs that a pack removed before that backup are missing`;
  }
  const whole = complete === undefined ? '' : `. The restore point ${complete} has all its blobs`;
  return `there is no blob backup of that moment. "${entry}" is an earlier one, so the newest blobs may be missing${whole}`;
}
