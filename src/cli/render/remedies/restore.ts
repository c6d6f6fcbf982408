import type { RestoreRemedy } from '../../../system/remedy.ts';
import type { RemedyTexts } from './remedy-text.ts';

export const RESTORE_REMEDIES: RemedyTexts<RestoreRemedy['kind']> = {
  'earlier-date': () => 'Restore to an earlier date instead. "zodbvault list" shows the dates.',
  'earlier-date-or-copy': () =>
    'Bring the file back from a copy, or give an earlier date. "zodbvault list" shows the dates.',
  'earlier-date-as-discarded': () =>
    'If --discard-old removed it, restore to an earlier date instead. "zodbvault list" shows the dates.',
  'whole-date': () =>
    'Nothing was replaced. Give the full date of the restore point that you want. "zodbvault list" shows the dates.',
  'look-into-log': () =>
    'Nothing was changed. "zodbvault log" shows the transactions; --user and --path choose among them.',
  'which-restore-point': () =>
    'Nothing was changed. Give the date of the restore point that you want ("zodbvault list" shows the dates), or leave out --no-prompt.',
  'without-blobs': () =>
    'Nothing was replaced. No backup of the blobs is complete. "zodbvault restore --no-blobs" restores the Data.fs alone.',
  'set-alternative-source': () =>
    'Set it in the part of the buildout and run "zodbvault install" again, or in a zodbvault.toml.',
  'accept-damaged-blobs': (_, part) =>
    part === undefined
      ? 'Nothing was replaced. Restore to another date, or restore the blobs as they are with --accept-damaged-blobs.'
      : `Nothing was replaced. Restore to another date, or restore the blobs as they are: zodbvault restore --part ${part} --accept-damaged-blobs.`,
  'full-backup-now': () =>
    'A restore would fail too. Make a full backup now ("zodbvault backup --full"), then verify it ("zodbvault verify").',
  'stop-server': (_, part) => {
    const words = part === undefined ? '' : `--part ${part} `;
    return `Stop Zope or ZEO, then restore. "zodbvault restore ${words}--force" restores while it runs, but everything that the running server writes afterwards is lost.`;
  },
  'folder-elsewhere': () => 'Name another folder with --to.',
  'folder-elsewhere-or-live': () =>
    'Name another folder with --to, or leave out --to to replace the live data.',
  'name-identity': () =>
    'Name the file with the secret key with --identity FILE (or ZODBVAULT_IDENTITY).',
  'name-other-identity': ({ named, closedFor }) => {
    const list = named.join(', ');
    const keys =
      named.length === 1
        ? `The named key is that of ${list}, which does not open it.`
        : `The named keys are those of ${list}, which do not open it.`;
    const now = `By the settings, the copy is closed for ${closedFor.join(', ')}`;
    const where = closedFor.length === 0 ? '' : ` ${now}; older parts may be for earlier keys.`;
    return `${keys}${where} Name the file with the right secret key with --identity FILE; several may be named.`;
  },
  'folder-elsewhere-or-site': ({ part }) =>
    `Name another folder with --to. To restore this state into ${part}, name its data with --datafs and --blob-storage, and these backups with --location and --blobbackuplocation.`,
  'name-chain': ({ stamps }) =>
    `Nothing was changed. Say which one you mean: ${stamps.map((stamp) => `--chain ${stamp}`).join(' or ')}.`,
  'better-restore-point': ({ stamp }, part) =>
    part === undefined
      ? `Nothing was changed. "zodbvault restore -n ${stamp}" restores the newest restore point without known damage. To restore the damaged one anyway, give its date.`
      : `Nothing was changed. Add ${stamp} to the command line: it is the newest restore point without known damage. To restore the damaged one anyway, give its date.`,
};
