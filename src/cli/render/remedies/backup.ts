import type { BackupRemedy } from '../../../system/remedy.ts';
import { describeHold } from '../holds.ts';
import type { RemedyTexts } from './remedy-text.ts';

export const BACKUP_REMEDIES: RemedyTexts<BackupRemedy['kind']> = {
  'wait-for-run': () => 'Run the command again when that has ended, or let it wait with --wait.',
  'look-deeply': () =>
    'Nothing old was removed. "zodbvault verify --deep" shows all of it; if the database itself is damaged, the last good restore point is the way back.',
  'date-format': () =>
    'Dates are in UTC, as in 2026-03-01 or 2026-03-01-04-05-06; "zodbvault list" shows those there are.',
  'future-date': ({ newest }) =>
    `The newest backup is ${newest} (UTC): "latest", or no date at all, means that one.`,
  'earlier-date-first': () =>
    'Name the earlier date first; "zodbvault list" shows those there are.',
  'name-restore-point': () =>
    '"zodbvault list" shows the restore points; name one by its whole date in UTC.',
  'make-full-backup-or-insist': () =>
    'Make a full backup first (zodbvault backup --full); --even-the-last removes it all the same.',
  'make-backup-or-insist': () => 'Make a backup first; --even-the-last removes it all the same.',
  'install-scripts': () => 'Run "zodbvault install" in the buildout first.',
  'make-room-for-script': () =>
    'Move it away and run "zodbvault install", or give the part another name.',
  'print-cron-lines': () =>
    'It is as it was. The lines that zodbvault would add are printed without --install.',
  'install-cron': () => 'Install cron (package cron or cronie), or use --systemd.',
  'install-compressor': ({ package: name }) =>
    `Install it (Debian: ${name}), or use --compressor node.`,
  'delete-restore-point': ({ stamp }) => `"zodbvault delete ${stamp}" removes that restore point.`,
  'put-back-lost-blobs': ({ source, copy }) =>
    `${describeHold({ kind: 'lost', source, holder: copy })}.`,
  'enable-script': ({ script }) =>
    `Set "enable_${script} = true" in the part and run "zodbvault install", or leave it out.`,
  'install-scripts-of': ({ buildout }) => {
    const words = buildout === undefined ? '' : ` --config ${buildout}`;
    return `Run "zodbvault install${words}" first, or name the file that wrote it with --config.`;
  },
};
