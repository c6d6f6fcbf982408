import { nameSome } from '../../../blobs/layout/summarize-names.ts';
import type { SuspectPoint } from '../../../operations/restore/warnings/suspect-points.ts';
import type { RestorePlanWarning } from '../../../operations/run/warnings/restore-warnings.ts';
import type { WarningOf } from '../../../operations/run/warnings/warning.ts';
import { NO_SOURCE_FAULTS } from '../../../repository/lineage/source-faults.ts';
import { count } from '../../format/units.ts';
import { describeKnown, describeReason } from '../judgements.ts';
import type { WarningTexts } from './warning-text.ts';

const TWO_DATABASES = {
  target: 'Data.fs',
  begins: '2024-05-01T10:00:00.000000Z',
  backupBegins: '2020-02-02T10:00:00.000000Z',
  isKept: true,
};

export const RESTORE_PLAN_WARNINGS: WarningTexts<RestorePlanWarning['code']> = {
  'other-database': {
    example: { kind: 'warning', code: 'other-database', ...TWO_DATABASES },
    sentence: ({ target, begins, backupBegins, isKept }) =>
      `"${target}" is another database than the one in the backup: it begins with a transaction of ${begins}, the backup with one of ${backupBegins}; ${whetherKept(isKept)}`,
  },
  'perhaps-other-database': {
    example: { kind: 'notice', code: 'perhaps-other-database', ...TWO_DATABASES },
    sentence: ({ target, begins, backupBegins, isKept }) =>
      `"${target}" has no transaction of the one in the backup: a pack may have left none, or it is another database; it begins with a transaction of ${begins}, the backup with one of ${backupBegins}; ${whetherKept(isKept)}`,
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
      `"${repository}" holds backups of two databases: the newest, "${newest}", begins with a transaction of ${newestBegins}, "${other}" with one of ${otherBegins}`,
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
      `"${repository}" holds backups of ${is === 'copy' ? 'two copies of the database' : 'two databases'}: the newest, ${newest}, was made of "${path}", and ${other} is the newest of "${otherPath}"`,
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
      `the storage "${storage}" is restored as it was at ${stamp} (UTC), beside what was backed up until ${newest}: since then, ${count(runs, 'backup')} ${runs === 1 ? 'was' : 'were'} made without it`,
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
  return isKept ? 'it is kept, for an undo' : 'nothing of it is kept';
}

export function describeSuspectPoint(suspect: SuspectPoint): string {
  const { stamp, how, better } = suspect;
  const is = how === 'bad' ? 'is known to be bad: ' : 'has what the site had then: ';
  const other =
    better === undefined
      ? 'no other restore point is known to be better'
      : `the restore point ${better.stamp} is ${better.is}, and nothing is known against it`;
  return `the restore point ${stamp} ${is}${describeSuspicions(suspect).join('; ')}; ${other}`;
}

function describeSuspicions({ reasons, known }: Pick<SuspectPoint, 'reasons' | 'known'>) {
  return [...new Set([...reasons.map(describeReason), ...describeKnown(known)])];
}

function describeLackingBlobs(lacking: WarningOf<'blobs-lacking'>): string {
  const { entry, how, paths, holder } = lacking;
  const lack = {
    lack: 'lacks',
    'lack-or-differ': 'lacks, or has with other bytes,',
    'may-lack': 'may lack',
  };
  const remedy =
    holder === undefined
      ? 'the copy that had them is gone'
      : `the restore point ${holder.stamp} has them, in "${holder.path}"`;
  return `"${entry}" ${lack[how]} ${count(lacking.count, 'blob')} that the live site had lost by then: ${nameSome(paths, lacking.count)}; ${remedy}`;
}

function describeForeignMoment({
  entry,
  match,
  complete,
}: WarningOf<'blobs-of-another-moment'>): string {
  if (match === 'later') {
    return `the blobs of "${entry}" belong to a later backup of the Data.fs: that is the rule of compatible = 2.3, and blobs that a pack has removed before it are missing`;
  }
  const whole =
    complete === undefined ? '' : `; the restore point ${complete} has all that belong to it`;
  return `no blob backup of that moment is there; "${entry}" is an earlier one: the newest blobs may be missing${whole}`;
}
