import { nameSome } from '../../../blobs/layout/summarize-names.ts';
import type { RestoreWarning } from '../../../operations/run/warnings/restore-warnings.ts';
import { count as countOf, formatUtcMoment } from '../../format/units.ts';
import { RESTORE_PLAN_WARNINGS } from './restore-plan.ts';
import type { WarningTexts } from './warning-text.ts';

const COPY = 'blobstorage.2026-03-01-04-05-06';
const BLOB = '0x0e/0x040d3526b672e077.blob';

export const RESTORE_WARNINGS: WarningTexts<RestoreWarning['code']> = {
  ...RESTORE_PLAN_WARNINGS,
  'files-left-out': {
    example: {
      kind: 'warning',
      code: 'files-left-out',
      fileNames: ['2026-03-02-04-05-06.deltafsz'],
    },
    sentence: ({ fileNames }) =>
      `zodbvault did not restore ${fileNames.join(', ')}, because no .dat lists ${fileNames.length === 1 ? 'it' : 'them'}. The next backup corrects this`,
  },
  'lock-ignored': {
    example: { kind: 'warning', code: 'lock-ignored', path: 'Data.fs.lock', pid: 4711 },
    sentence: ({ path, pid }) =>
      `${pid === undefined ? 'a process' : `the process ${pid}`} holds "${path}"; restart it after the restore`,
  },
  'restore-finished-late': {
    example: {
      kind: 'notice',
      code: 'restore-finished-late',
      restored: 'Data.fs',
      at: '2026-03-01T04:05:06.000Z',
    },
    sentence: ({ restored, at }) =>
      `finished the interrupted restore of ${restored}, begun ${formatUtcMoment(at)}`,
  },
  'leftovers-stay': {
    example: {
      kind: 'warning',
      code: 'leftovers-stay',
      reason: 'Cannot remove "Data.fs.new": permission denied',
    },
    sentence: ({ reason }) => `${reason}: the unfinished files of a killed restore stay there`,
  },
  'archive-replaced': {
    example: { kind: 'warning', code: 'archive-replaced', path: 'blobstorage.0.tar.gz' },
    sentence: ({ path }) =>
      `"${path}" is not the file that its record describes: it may be damaged`,
  },
  'blob-record-missing': {
    example: { kind: 'warning', code: 'blob-record-missing', copy: COPY },
    sentence: ({ copy }) => `the record of "${copy}" is missing or damaged`,
  },
  'restore-without-checksums': {
    example: { kind: 'warning', code: 'restore-without-checksums', copy: COPY, state: 'damaged' },
    sentence: ({ copy, state }) =>
      `the checksums of the files in "${copy}" are ${state}, so zodbvault cannot tell whether these files are intact`,
  },
  'added-links-not-restored': {
    example: {
      kind: 'warning',
      code: 'added-links-not-restored',
      paths: [`${COPY}/0x00`],
      count: 1,
    },
    sentence: ({ paths, count }) =>
      `${nameSome(paths, count)}: somebody added this link after the backup was made; zodbvault does not restore it`,
  },
  'special-files-not-restored': {
    example: {
      kind: 'warning',
      code: 'special-files-not-restored',
      paths: [`${COPY}/pipe`],
      count: 1,
    },
    sentence: ({ paths, count }) =>
      `${nameSome(paths, count)}: a pipe, a socket or a device, not a file; zodbvault does not restore it`,
  },
  'rights-not-restored': {
    example: { kind: 'warning', code: 'rights-not-restored', paths: [`${COPY}/program`], count: 1 },
    sentence: ({ paths, count }) =>
      `${nameSome(paths, count)}: this program would run as its owner or its group; zodbvault restores it without that right`,
  },
  'archived-special-files-not-restored': {
    example: {
      kind: 'warning',
      code: 'archived-special-files-not-restored',
      archive: `${COPY}.tar.gz`,
      paths: ['pipe'],
      count: 1,
    },
    sentence: ({ archive, paths, count }) =>
      `in "${archive}": ${nameSome(paths, count)} is a pipe or a device, not a file; zodbvault does not restore it`,
  },
  'damaged-blobs-restored': {
    example: {
      kind: 'warning',
      code: 'damaged-blobs-restored',
      copy: COPY,
      state: '"0x00/0x01/a.blob" is missing',
    },
    sentence: ({ copy, state }) => `restored anyway: in "${copy}", ${state}`,
  },
  'not-appended': {
    example: {
      kind: 'notice',
      code: 'not-appended',
      target: '/srv/stand-by/Data.fs',
      because: 'other-state',
    },
    sentence: ({ target, because }) => {
      const why =
        because === 'moment'
          ? 'only whole restore points are appended, and this moment is within one'
          : 'what is there is no earlier restore point of the same full backup';
      return `zodbvault replaces "${target}" and appends nothing to it: ${why}`;
    },
  },
  'client-caches-ahead': {
    example: {
      kind: 'notice',
      code: 'client-caches-ahead',
      paths: ['var/client1-1.zec'],
      count: 1,
    },
    sentence: ({ paths, count }) =>
      `ZEO clients have seen later transactions, and do not connect to an earlier state; stop them, and remove their caches: ${[...paths.map((path) => `"${path}"`), ...(count > paths.length ? [`${count - paths.length} more`] : [])].join(', ')}`,
  },
  'blobs-of-other-copy': {
    example: { kind: 'notice', code: 'blobs-of-other-copy', from: COPY, paths: [BLOB], count: 1 },
    sentence: ({ from, paths, count }) => `${nameSome(paths, count)}: taken from "${from}"`,
  },
  'blobs-of-live-site': {
    example: {
      kind: 'warning',
      code: 'blobs-of-live-site',
      from: 'var/blobstorage',
      paths: [BLOB],
      count: 1,
    },
    sentence: ({ from, paths, count }) =>
      `${nameSome(paths, count)}: no backup has it; taken from the live "${from}", where no checksum tells what it should be`,
  },
  'blobs-missing': {
    example: {
      kind: 'warning',
      code: 'blobs-missing',
      is: 'earlier',
      target: 'var/blobstorage',
      paths: [BLOB],
      count: 1,
    },
    sentence: ({ is, target, paths, count }) =>
      is === 'current'
        ? `restored all the same: "${target}" lacks ${nameSome(paths, count)}, which is in no copy`
        : `"${target}" lacks ${nameSome(paths, count)}, which is in no copy: an earlier state that nobody can go back to with an undo`,
  },
  'more-damaged-blobs-restored': {
    example: { kind: 'warning', code: 'more-damaged-blobs-restored', count: 40 },
    sentence: ({ count }) =>
      `${countOf(count, 'more file')} ${count === 1 ? 'is' : 'are'} like that`,
  },
};
