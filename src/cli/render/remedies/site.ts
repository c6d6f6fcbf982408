import type { SiteRemedy } from '../../../system/remedy.ts';
import type { Kinded, RemedyTexts } from './remedy-text.ts';

export const SITE_REMEDIES: RemedyTexts<SiteRemedy['kind']> = {
  'find-backups': (_, part) =>
    part === undefined
      ? 'Make a backup first, go to the folder of the site, or name the folder of the backups with --location.'
      : `Make a backup first. If the backups are elsewhere, correct the location, or alternative_restore_source, in [${part}], and run "zodbvault install" again.`,
  'find-blob-backups': (_, part) =>
    part === undefined
      ? 'Check that the disk is mounted, or name the folder of the blob backups with --blobbackuplocation. --no-blobs leaves out the blobs.'
      : `Check that the disk is mounted. If the blob backups are elsewhere, correct blobbackuplocation, or alternative_restore_source, in [${part}], and run "zodbvault install" again.`,
  'name-places': () =>
    'Name the Data.fs and the folder of the backups with --datafs and --location.',
  'name-zope-conf': () => 'Name one with --zope-conf.',
  'start-zope-yourself': () =>
    'Put the bin folder of its Python on the PATH; or leave out --run, and start Zope with the wsgi.ini that is named then.',
  'correct-value-or-name-places': () =>
    'Correct the value, or name the Data.fs and the folder of the backups with --datafs and --location.',
  'correct-file-or-name-places': () =>
    'Correct the file, or name the Data.fs and the folder of the backups with --datafs and --location.',
  'name-data-fs': () => 'Go to the folder of the site, or name the file with --datafs.',
  'name-data-fs-or-backup-folder': () =>
    'Correct the path. If the Data.fs is lost, name the folder of its backups with --location.',
  'name-one-file': () => 'Name one of the files with --config.',
  'name-configuration': () =>
    'Name the configuration file of the site with --config, or the Data.fs with --datafs.',
  'name-backup-folder': () => 'Name the folder of the backups with --location.',
  'name-blob-directory': () => 'Name the blob directory with --blob-storage.',
  'name-blob-directory-alone': () =>
    'Name the folder with the blobs alone: --blob-storage, or blob_storage.',
  'name-blob-backup-folder': () =>
    'Name the folder of the blob backups with --blobbackuplocation (or ZODBVAULT_BLOBBACKUPLOCATION).',
  'find-blob-directory': (_, part) =>
    part === undefined
      ? 'Check that the disk is mounted. Otherwise name another blob directory (blob_storage, --blob-storage), or leave out the blobs (backup_blobs = false, --no-blobs).'
      : `Check that the disk is mounted. Otherwise correct blob_storage in [${part}], or set backup_blobs = false there, and run "zodbvault install" again.`,
  'want-blobs': () => 'Leave out --no-blobs, or unset ZODBVAULT_ONLY_BLOBS.',
  'name-other-part': () => 'Name another part with --part, or restore the blobs to a folder.',
  'leave-out-versions': () =>
    'Versions are kept by a bucket that has versioning switched on. Leave out --versions-before.',
  'name-old-data-fs': () => 'To use an old Data.fs in this folder anyway, name it with --datafs.',
  'name-site-of-copy': ({ names }) =>
    `Choose one with --part NAME: ${names}. "zodbvault list --sites" shows all of them.`,
  'name-base': ({ dataFs }) => `zodbvault can back up the base: name it with --datafs ${dataFs}.`,
  'say-which-data-fs': ({ own, other: { is, path } }) => {
    const choice =
      is === 'named-by'
        ? `--config ${path}, or zope_conf or datafs in a zodbvault.toml,`
        : `ZODBVAULT_DATA=${path}`;
    return `Choose one: --datafs ${own} for the Data.fs in this folder; ${choice} for the other.`;
  },
  'name-file': ({ path }) => `Name that file: --config ${path}.`,
  'correct-or-name-file': ({ path, usable }) =>
    `Correct "${path}", or use the other file: --config ${usable}.`,
  'confirm-live-data': ({ path }) =>
    `If the data in this folder is the live data, confirm it with --config ${path}. If not, run the backup where the live data is.`,
  'name-blobs-of-server': ({ near }) =>
    near.length === 0
      ? 'Run the backup on the machine of the ZEO server, or name its blob directory with blob_storage or --blob-storage.'
      : `Name the blob directory of the server with blob_storage or --blob-storage. It may be ${near.map((one) => `"${one}"`).join(' or ')}.`,
  'bring-back-data-fs': bringBack,
};

function bringBack(
  { hasBackups, saidBy }: Kinded<'bring-back-data-fs'>,
  part: string | undefined,
): string {
  const [back, correct] =
    part !== undefined
      ? ['a restore', `${correctPart(part)} and run "zodbvault install" again`]
      : saidBy.is === 'toml'
        ? [
            `"zodbvault restore --part ${saidBy.part}"`,
            `correct datafs in [sites.${saidBy.part}] of "${saidBy.path}"`,
          ]
        : ['"zodbvault restore"', correctionOf(saidBy)];
  return hasBackups
    ? `If the file is lost, ${back} brings it back. If it is elsewhere, ${correct}.`
    : `There is no backup of it yet. If the file is elsewhere, ${correct}.`;
}

/** Where it is said where the Data.fs is: --datafs goes with no file that says it. */
function correctionOf(
  saidBy: Exclude<Kinded<'bring-back-data-fs'>['saidBy'], { is: 'toml' }>,
): string {
  switch (saidBy.is) {
    case 'buildout':
      return `${correctPart(saidBy.part)} in "${saidBy.path}"`;
    case 'file':
      return `correct "${saidBy.path}"`;
    case 'nothing':
      return 'go to the folder of the site, or name it with --datafs';
    default:
      return saidBy satisfies never;
  }
}

function correctPart(name: string): string {
  return `correct datafs or additional_filestorages in [${name}], or the part that says where it is,`;
}
