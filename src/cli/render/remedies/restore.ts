import type { RestoreRemedy } from '../../../system/remedy.ts';
import type { RemedyTexts } from './remedy-text.ts';

export const RESTORE_REMEDIES: RemedyTexts<RestoreRemedy['kind']> = {
  'earlier-date': () => 'Restore to an earlier date instead: "zodbvault list" shows what there is.',
  'earlier-date-or-copy': () =>
    'Bring the file back from a copy, or name an earlier date ("zodbvault list" shows them).',
  'earlier-date-as-discarded': () =>
    'If --discard-old has removed it, restore to an earlier date instead: "zodbvault list" shows what there is.',
  'whole-date': () =>
    'Nothing was replaced. Name the one that you mean by its whole date: "zodbvault list" shows them.',
  'which-restore-point': () =>
    'Nothing was changed. Name the restore point that you mean ("zodbvault list" shows them), or leave out --no-prompt.',
  'without-blobs': () =>
    'Nothing was replaced. No backup of blobs has been finished there: "zodbvault restore --no-blobs" puts back the Data.fs alone.',
  'set-alternative-source': () =>
    'Set it in the part of the buildout and run "zodbvault install" again, or in a zodbvault.toml.',
  'accept-damaged-blobs': (_, part) =>
    part === undefined
      ? 'Nothing was replaced. Restore to another date; or take what there is, with --accept-damaged-blobs.'
      : `Nothing was replaced. Restore to another date; or take what there is: zodbvault restore --part ${part} --accept-damaged-blobs.`,
  'full-backup-now': () =>
    'A restore would fail here, too. Make a full backup now ("zodbvault backup --full"), then verify it ("zodbvault verify").',
  'stop-server': (_, part) => {
    const words = part === undefined ? '' : `--part ${part} `;
    return `Stop Zope or ZEO, then restore; "zodbvault restore ${words}--force" restores all the same.`;
  },
  'folder-elsewhere': () => 'Name a folder elsewhere with --to.',
  'folder-elsewhere-or-live': () =>
    'Name a folder elsewhere with --to, or leave it out to replace what is live.',
  'folder-elsewhere-or-site': ({ part }) =>
    `Name a folder elsewhere with --to. If ${part} is to get this state, say so: name its data with --datafs and --blob-storage, and these backups with --location and --blobbackuplocation.`,
  'better-restore-point': ({ stamp }, part) =>
    part === undefined
      ? `Nothing was changed. "zodbvault restore -n ${stamp}" restores the newest point that nothing is known against; to restore the bad one all the same, name its date.`
      : `Nothing was changed. Add ${stamp} to the command line: that is the newest restore point that nothing is known against; to restore the bad one all the same, name its date.`,
};
