import type { SettingsAdvice, SharedFolders } from '../../../config/model/settings-advice.ts';
import type { ExcludedBlobs } from '../../../config/plain/plain-search.ts';
import type { WarningTexts } from './warning-text.ts';

export const SETTINGS_WARNINGS: WarningTexts<(SettingsAdvice | ExcludedBlobs)['code']> = {
  'blobs-not-backed-up': {
    example: { kind: 'warning', code: 'blobs-not-backed-up', path: 'blobstorage' },
    sentence: ({ path }) =>
      `zodbvault does not back up the blobs in "${path}": name a folder for their backups with --blobbackuplocation (or ZODBVAULT_BLOBBACKUPLOCATION), or use --no-blobs`,
  },
  'blobs-not-restored': {
    example: { kind: 'warning', code: 'blobs-not-restored', path: 'blobstorage' },
    sentence: ({ path }) =>
      `the blobs in "${path}" stay as they are, because zodbvault found no backups of them: name the folder of these backups with --blobbackuplocation, or use --no-blobs`,
  },
  'unknown-variable': {
    example: {
      kind: 'advice',
      code: 'unknown-variable',
      variable: 'ZODBVAULT_KEPT',
      nearest: 'ZODBVAULT_KEEP',
    },
    sentence: ({ variable, nearest }) =>
      `zodbvault does not know the environment variable ${variable}, and ignores it; did you mean ${nearest}?`,
  },
  'unknown-option': {
    example: {
      kind: 'advice',
      code: 'unknown-option',
      part: 'backup',
      option: 'kepp',
      nearest: 'keep',
    },
    sentence: ({ part, option, nearest }) =>
      `[${part}] ${option}: unknown option, ignored; did you mean "${nearest}"?`,
  },
  'repeated-option': {
    example: {
      kind: 'advice',
      code: 'repeated-option',
      part: 'backup',
      option: 'keep',
      first: '/srv/site/buildout.cfg:12',
      last: '/srv/site/buildout.cfg:19',
    },
    sentence: ({ part, option, first, last }) =>
      `[${part}] ${option}: written twice, in ${first} and ${last}; the last one counts`,
  },
  'numbered-blob-backups': {
    example: { kind: 'advice', code: 'numbered-blob-backups', part: 'backup' },
    sentence: ({ part }) =>
      `[${part}] blob_timestamps = false is deprecated: numbered blob backups are harder to match with a Data.fs`,
  },
  'backups-among-live-data': {
    example: {
      kind: 'advice',
      code: 'backups-among-live-data',
      part: 'backup',
      option: 'location',
      folder: '/srv/site/var/filestorage',
      live: '/srv/site/var/filestorage/Data.fs',
    },
    sentence: ({ part, option = 'a folder', folder, live }) =>
      `[${part}] ${option}: the folder "${folder}" also contains the live "${live}"; give the backups their own folder`,
  },
  'shared-backup-folders': {
    example: {
      kind: 'advice',
      code: 'shared-backup-folders',
      shared: { is: 'same', parts: ['backup', 'nightly'], path: '/srv/site/var/backups' },
    },
    sentence: ({ shared }) =>
      sayShared(shared, (one, other) => `the parts [${one}] and [${other}]`),
  },
  'unlisted-storage': {
    example: {
      kind: 'advice',
      code: 'unlisted-storage',
      storage: 'catalog',
      from: 'zeo-conf-additional of [zeo]',
      dataFs: '/srv/site/var/filestorage/catalog.fs',
    },
    sentence: ({ storage, from, dataFs }) =>
      `the storage "${storage}" in ${from} is not backed up: additional_filestorages needs a line "${storage} ${dataFs}"`,
  },
  'unclaimed-storage': {
    example: {
      kind: 'advice',
      code: 'unclaimed-storage',
      server: 'zeo2',
      storage: undefined,
      dataFs: '/srv/site/var/zeo2/Data.fs',
      main: '/srv/site/var/zeo2/Data.fs',
    },
    sentence: ({ server, storage, dataFs, main }) => {
      const what = storage === undefined ? 'Data.fs' : `storage "${storage}"`;
      const remedy =
        main === undefined
          ? 'no part of this buildout runs that server; back it up where it runs'
          : `a backup part with "datafs = ${main}" does it`;
      return `the ${what} of the ZEO server [${server}], "${dataFs}", is not backed up: ${remedy}`;
    },
  },
  'data-fs-of-client': {
    example: {
      kind: 'advice',
      code: 'data-fs-of-client',
      part: 'backup',
      dataFs: '/srv/site/var/filestorage/Data.fs',
      client: 'instance',
      server: '192.0.2.7:8100',
    },
    sentence: ({ part, dataFs, client, server }) => {
      const who = server === undefined ? 'a ZEO server' : `the ZEO server "${server}"`;
      return `[${part}] datafs: [${client}] is a client of ${who}, which no part of this buildout runs. The backup contains "${dataFs}", which may be an old copy. Run the backup where the server runs. If this file is the live one, confirm it: datafs = ${dataFs}`;
    },
  },
  'relstorage-not-backed-up': {
    example: { kind: 'advice', code: 'relstorage-not-backed-up', part: 'instance' },
    sentence: ({ part }) =>
      `[${part}]: it keeps its data in RelStorage; zodbvault does not back that up`,
  },
  'demo-storage-not-backed-up': {
    example: { kind: 'advice', code: 'demo-storage-not-backed-up', part: 'instance' },
    sentence: ({ part }) =>
      `[${part}]: it has a demo-storage; zodbvault does not back up the changes in it`,
  },
  'earlier-state-shown': {
    example: { kind: 'advice', code: 'earlier-state-shown', part: 'instance' },
    sentence: ({ part }) =>
      `[${part}]: it shows an earlier state (before-storage); zodbvault backs up the newest`,
  },
  'storage-elsewhere': {
    example: {
      kind: 'advice',
      code: 'storage-elsewhere',
      where: 'RelStorage, in a relational database',
      reason:
        '/srv/site/etc/zope.conf:12: its data is in RelStorage, in a relational database; what is on this disk is at most a cache',
    },
    sentence: ({ reason }) => reason,
  },
  'demo-base-not-backed-up': {
    example: {
      kind: 'advice',
      code: 'demo-base-not-backed-up',
      from: '/srv/site/etc/zope.conf:12',
      dataFs: '/srv/site/var/changes.fs',
      base: '"/srv/site/var/base.fs"',
    },
    sentence: ({ from, dataFs, base }) =>
      `${from}: "${dataFs}" has only the changes of a demo storage: back up the base, too. It is in ${base}`,
  },
  'blob-mode-without-meaning': {
    example: {
      kind: 'advice',
      code: 'blob-mode-without-meaning',
      from: '/srv/site/instance.yaml:7',
    },
    sentence: ({ from }) => `${from}: db_blob_mode "cache" has no effect with db_storage "direct"`,
  },
};

/** @param both - two sites: `the parts [one] and [two]`, `the sites "one" and "two"` */
export function sayShared(
  shared: SharedFolders,
  both: (one: string, other: string) => string,
): string {
  switch (shared.is) {
    case 'one': {
      const [one, other] = shared.paths;
      return `"${one}" and "${other}" are the same folder: each needs its own`;
    }
    case 'same':
      return `${both(...shared.parts)} both have their backups in "${shared.path}": each deletes old ones by its own rules`;
    case 'nested':
      return `${both(...shared.parts)} have nested folders for their backups: "${shared.inner}" is inside "${shared.outer}"`;
    default:
      return shared satisfies never;
  }
}
