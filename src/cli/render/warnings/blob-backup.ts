import { nameSome, type SomeNames } from '../../../blobs/layout/summarize-names.ts';
import type { BlobBackupWarning } from '../../../operations/run/warnings/blob-backup-warnings.ts';
import { count as countOf } from '../../format/units.ts';
import type { WarningTexts } from './warning-text.ts';

const BLOB = '0x00/0x01/0x03f5e2a4c0d1b533.blob';

export const BLOB_BACKUP_WARNINGS: WarningTexts<BlobBackupWarning['code']> = {
  'blobs-special-files': {
    example: {
      kind: 'warning',
      code: 'blobs-special-files',
      paths: ['blobstorage/pipe'],
      count: 1,
    },
    sentence: ({ paths, count }) =>
      `${nameSome(paths, count)} ${count === 1 ? 'is a pipe, a socket or a device' : 'are pipes, sockets or devices'}, not ${count === 1 ? 'a file' : 'files'}: the backup leaves ${count === 1 ? 'it' : 'them'} out. A blob directory needs no such file: remove ${count === 1 ? 'it' : 'them'}`,
  },
  'blobs-left-out-by-rsync': {
    example: {
      kind: 'warning',
      code: 'blobs-left-out-by-rsync',
      source: 'blobstorage',
      options: ['--max-size=1m'],
      paths: [BLOB],
      count: 12,
    },
    sentence: ({ source, options, paths, count }) =>
      `the backup leaves out ${countOf(count, 'file')} of "${source}", because of "${options.join(' ')}" in rsync_options: ${nameSome(paths, count)}. A restore will not bring ${count === 1 ? 'it' : 'them'} back`,
  },
  'blob-link-copied': {
    example: { kind: 'warning', code: 'blob-link-copied', path: 'blobstorage/0x00' },
    sentence: ({ path }) =>
      `"${path}" is a link: the backup contains the link, but not the files that it leads to. "rsync_options = --copy-links" copies these`,
  },
  'blob-directory-empty': {
    example: { kind: 'warning', code: 'blob-directory-empty', source: '/srv/site/var/blobstorage' },
    sentence: ({ source }) =>
      `"${source}" is empty, but the Data.fs refers to blobs: the backup has none of them. Check that the disk is mounted, and that blob_storage names the right directory`,
  },
  'blobs-of-another-source': {
    example: {
      kind: 'notice',
      code: 'blobs-of-another-source',
      path: 'blobstorage.2026-03-01-04-05-06',
      source: '/srv/old/blobstorage',
    },
    sentence: ({ path, source }) =>
      `"${path}" is a backup of another blob directory, "${source}". zodbvault makes it again`,
  },
  'archive-incomplete': {
    example: {
      kind: 'warning',
      code: 'archive-incomplete',
      path: 'blobstorage.2026-03-01-04-05-06.tar.gz',
    },
    sentence: ({ path }) => `"${path}" is incomplete. zodbvault makes it again`,
  },
  'archive-chain-broken': {
    example: {
      kind: 'warning',
      code: 'archive-chain-broken',
      folder: 'blobstoragebackups',
      start: '2026-03-01-04-05-06',
      archive: 'blobstorage.2026-03-02-04-05-06.tar.gz',
      beginsChain: true,
    },
    sentence: ({ folder, start, archive, beginsChain }) =>
      `"${folder}" has no complete chain of archives from ${start} on: "${archive}" ${beginsChain ? 'begins a new chain' : 'contains all blobs, and the next full backup begins a new chain'}`,
  },
  'blob-missing': {
    example: {
      kind: 'warning',
      code: 'blob-missing',
      source: 'blobstorage',
      path: BLOB,
      copy: 'blobstorage.2026-03-01-04-05-06/blobstorage',
    },
    sentence: ({ source, path, copy }) =>
      `"${source}" lacks "${path}", but the backup of the same state has it. zodbvault leaves "${copy}" as it is`,
  },
  'blobs-differ': {
    example: { kind: 'warning', code: 'blobs-differ', paths: [BLOB], count: 1 },
    sentence: ({ paths, count }) =>
      `${nameSome(paths, count)} ${count === 1 ? 'differs' : 'differ'} from the live file, although size and time are the same: one of the two is damaged. The new copy has the live one`,
  },
  'blob-copies-damaged': {
    example: { kind: 'warning', code: 'blob-copies-damaged', paths: [BLOB], count: 1 },
    sentence: (some) =>
      `${whatIs(some)} damaged: the bytes have changed since the backup. The live site has the right ones, and so has the new copy`,
  },
  'live-blobs-damaged': {
    example: {
      kind: 'warning',
      code: 'live-blobs-damaged',
      stamp: '2026-03-01-04-05-06',
      copy: 'blobstorage.2026-03-01-04-05-06/blobstorage',
      paths: [BLOB],
      count: 1,
    },
    sentence: ({ stamp, copy, ...some }) =>
      `${whatIs(some)} damaged in the live site: the bytes have changed since the backup. The restore point ${stamp} has the right ones, and so has the new copy: put them back from "${copy}"`,
  },
  'blob-checksums-damaged': {
    example: {
      kind: 'warning',
      code: 'blob-checksums-damaged',
      copy: 'blobstorage.2026-03-01-04-05-06',
      state: 'damaged',
    },
    sentence: ({ copy, state }) =>
      `the checksums of the files in "${copy}" are ${state}, so zodbvault compares these files with the live ones`,
  },
  'blobs-lost': {
    example: {
      kind: 'warning',
      code: 'blobs-lost',
      source: 'blobstorage',
      copy: 'blobstorage.2026-03-01-04-05-06',
      isCopyIntact: true,
      areGone: true,
      paths: [BLOB],
      count: 2,
    },
    sentence: ({ source, copy, isCopyIntact, areGone, paths, count }) => {
      const way = isCopyIntact
        ? 'put them back from there'
        : 'that copy is damaged, too, but "zodbvault verify --deep --all" shows which restore points are intact';
      const blobs = count === 1 ? 'a blob' : countOf(count, 'blob');
      const what = areGone ? 'has lost' : 'has lost or changed';
      return `"${source}" ${what} ${blobs} of "${copy}": ${nameSome(paths, count)}. No pack did that, and blobs never change: ${way}. zodbvault deletes no old backup until they are back. If you do not need them any more, remove "${copy}" by hand`;
    },
  },
  'lost-blobs-not-needed': {
    example: {
      kind: 'notice',
      code: 'lost-blobs-not-needed',
      source: 'blobstorage',
      stamp: '2026-03-01-04-05-06',
    },
    sentence: ({ source, stamp }) =>
      `"${source}" had lost blobs of the copy of ${stamp}. The Data.fs was packed or rolled back and does not need them any more, so zodbvault keeps no backup for them`,
  },
  'other-blob-backups': {
    example: {
      kind: 'warning',
      code: 'other-blob-backups',
      folder: 'blobstoragebackups',
      directories: ['blobs'],
    },
    sentence: ({ folder, directories }) =>
      `"${folder}" also contains backups of the blob directories ${directories.map((name) => `"${name}"`).join(', ')}; zodbvault leaves them alone`,
  },
  'latest-is-no-link': {
    example: { kind: 'warning', code: 'latest-is-no-link', path: 'blobstoragebackups/latest' },
    sentence: ({ path }) => `"${path}" is not a link; zodbvault left it alone`,
  },
  'repository-copied': {
    example: {
      kind: 'warning',
      code: 'repository-copied',
      folder: 'blobstoragebackups',
      repository: '/srv/copy/filestorage',
      otherRepository: '/srv/site/filestorage',
      isOtherReadable: true,
      entries: ['blobstorage.2026-03-01-04-05-06'],
    },
    sentence: ({ folder, repository, otherRepository, isOtherReadable, entries }) => {
      const state = isOtherReadable
        ? `one of the repositories "${repository}" and "${otherRepository}" is a copy of the other`
        : `zodbvault cannot read "${otherRepository}", and "${repository}" may be a copy of it`;
      return `${state}. zodbvault leaves alone the blob backups in "${folder}" that belong to "${otherRepository}": ${entries.join(', ')}. Give each site its own folder for blob backups (blobbackuplocation), or remove the repository that nobody needs`;
    },
  },
};

function whatIs({ paths, count }: SomeNames): string {
  return `${nameSome(paths, count)} ${count === 1 ? 'is' : 'are'}`;
}
