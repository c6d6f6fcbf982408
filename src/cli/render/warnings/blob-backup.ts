import { nameSome, type SomeNames } from '../../../blobs/layout/summarize-names.ts';
import type { BlobBackupWarning } from '../../../operations/run/warnings/blob-backup-warnings.ts';
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
      `${nameSome(paths, count)} ${count === 1 ? 'is no file' : 'are no files'}, but a pipe, a socket or a device, and not in the backup; no blob directory needs one: remove it`,
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
      `${count === 1 ? '1 file' : `${count} files`} of "${source}" are not in the backup, because of "${options.join(' ')}" in rsync_options: ${nameSome(paths, count)}. A restore will not bring them back`,
  },
  'blob-link-copied': {
    example: { kind: 'warning', code: 'blob-link-copied', path: 'blobstorage/0x00' },
    sentence: ({ path }) =>
      `"${path}" is a link, and was copied as one, without what it leads to; "rsync_options = --copy-links" copies that`,
  },
  'blobs-of-another-source': {
    example: {
      kind: 'notice',
      code: 'blobs-of-another-source',
      path: 'blobstorage.2026-03-01-04-05-06',
      source: '/srv/old/blobstorage',
    },
    sentence: ({ path, source }) =>
      `"${path}" was made of another blob directory, "${source}": it is made again`,
  },
  'archive-incomplete': {
    example: {
      kind: 'warning',
      code: 'archive-incomplete',
      path: 'blobstorage.2026-03-01-04-05-06.tar.gz',
    },
    sentence: ({ path }) => `"${path}" is not complete; it is made again`,
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
      `"${folder}" has no whole chain of archives from ${start}: "${archive}" ${beginsChain ? 'begins a new chain' : 'is complete; the next full backup begins one'}`,
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
      `"${source}" lacks "${path}", which the backup of the same state has: "${copy}" is left as it is`,
  },
  'blobs-differ': {
    example: { kind: 'warning', code: 'blobs-differ', paths: [BLOB], count: 1 },
    sentence: ({ paths, count }) =>
      `${nameSome(paths, count)} differs from the live file of the same size and time: one of them is damaged; the new copy has the live one`,
  },
  'blob-copies-damaged': {
    example: { kind: 'warning', code: 'blob-copies-damaged', paths: [BLOB], count: 1 },
    sentence: (some) =>
      `${whatIs(some)} damaged: the bytes are not those that were backed up. The live site has the right ones, and so has the new copy`,
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
      `${whatIs(some)} damaged, in the live site: the bytes are not those that were backed up. The restore point ${stamp} has the right ones, and so has the new copy: put them back from "${copy}"`,
  },
  'blob-checksums-damaged': {
    example: {
      kind: 'warning',
      code: 'blob-checksums-damaged',
      copy: 'blobstorage.2026-03-01-04-05-06',
      state: 'damaged',
    },
    sentence: ({ copy, state }) =>
      `the checksums of the files in "${copy}" are ${state}; its files are compared with the live ones`,
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
        : 'what is there is damaged, too, but "zodbvault verify --deep --all" tells which restore points are not';
      const blobs = count === 1 ? 'a blob' : `${count} blobs`;
      const what = areGone ? 'has lost' : 'has lost, or has with other bytes,';
      return `"${source}" ${what} ${blobs} of "${copy}": ${nameSome(paths, count)}. No pack did that, and blobs never change: ${way}. Nothing old is removed until they are back; if they are not needed any more, remove "${copy}" by hand`;
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
      `"${source}" had lost blobs of the copy of ${stamp}, which the Data.fs does not hold any more, since it was packed or set back: nothing is kept for them`,
  },
  'other-blob-backups': {
    example: {
      kind: 'warning',
      code: 'other-blob-backups',
      folder: 'blobstoragebackups',
      directories: ['blobs'],
    },
    sentence: ({ folder, directories }) =>
      `"${folder}" also holds backups of the blob directories ${directories.map((name) => `"${name}"`).join(', ')}; they are left alone`,
  },
  'latest-is-no-link': {
    example: { kind: 'warning', code: 'latest-is-no-link', path: 'blobstoragebackups/latest' },
    sentence: ({ path }) => `"${path}" is no link, and was left alone`,
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
        : `"${otherRepository}" can not be looked at, and may be a repository of which "${repository}" is a copy`;
      return `${state}, and the blob backups in "${folder}" that were made for that one are left alone: ${entries.join(', ')}. Give each site a folder for its blob backups of its own (blobbackuplocation), or remove the repository that nobody needs`;
    },
  },
};

function whatIs({ paths, count }: SomeNames): string {
  return `${nameSome(paths, count)} ${count === 1 ? 'is' : 'are'}`;
}
