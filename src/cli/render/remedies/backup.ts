import { quoteWord } from '../../../system/processes/shell.ts';
import type { BackupRemedy } from '../../../system/remedy.ts';
import { describeHold } from '../holds.ts';
import type { RemedyTexts } from './remedy-text.ts';

export const BACKUP_REMEDIES: RemedyTexts<BackupRemedy['kind']> = {
  'wait-for-run': () => 'Run the command again when the other run has ended, or use --wait.',
  'end-lock-elsewhere': ({ store }) =>
    `Wait until that run has ended. If it was killed, "zodbvault unlock ${quoteWord(store)}" ends its lock.`,
  'mount-or-begin-again': ({ copy }) =>
    `Is the disk mounted? If the copy is gone for good, "zodbvault copy --begin-again ${quoteWord(copy)}" begins a new one there.`,
  'name-site-or-begin-again': ({ copy }) =>
    `Give each site another name there, with the option "site" of the copy. If this site takes the place of the other one, "zodbvault copy --begin-again ${quoteWord(copy)}" goes on.`,
  'declare-single-writer': () =>
    'If no other machine ever writes there, set "single_writer = true" for this copy. With "prune --from" and a place that no configuration names, use --single-writer.',
  'leave-out-lock': () =>
    'Use a bucket that was created with object lock. "zodbvault doctor" shows what a bucket can do. Or leave out "lock_days".',
  'make-key-with-passphrase': () =>
    'Whoever reads the copy could use this key. Make one with "zodbvault keygen --passphrase -o FILE", or leave out "key_file".',
  'name-keep-rules': () =>
    'Say it in the configuration of the copy, or with options such as --keep-daily 7 and --keep 3.',
  'look-deeply': () =>
    'No old backup was removed. "zodbvault verify --deep" shows all that is wrong. If the database itself is damaged, restore the last intact restore point.',
  'verify-deeply': () =>
    '"zodbvault verify --deep" reads it against all checksums, and says what is wrong.',
  'date-format': () =>
    'Copy a date from "zodbvault list", as in 2026-03-01-04-05-06 (UTC) or "2026-03-01 05:05:06 +01:00".',
  'future-date': ({ newest }) =>
    `The newest backup is ${newest} (UTC): "latest", or no date at all, means that one.`,
  'earlier-date-first': () => 'Give the earlier date first. "zodbvault list" shows the dates.',
  'name-restore-point': () =>
    '"zodbvault list" shows the restore points. Give the full date of one.',
  'list-tags': () =>
    '"zodbvault list" shows the restore points, what is wrong with them, and their tags.',
  'begin-chain-in-copy': () =>
    'Make a full backup ("zodbvault backup --full"): the copy is good from there on. "zodbvault copy --verify" shows what is damaged.',
  'make-full-backup-or-insist': () =>
    'Make a full backup first (zodbvault backup --full). --even-the-last deletes it anyway.',
  'make-backup-or-insist': () => 'Make a backup first. --even-the-last deletes it anyway.',
  'install-scripts': () => 'Run "zodbvault install" in the buildout first.',
  'make-room-for-script': () =>
    'Move it away and run "zodbvault install", or give the part another name.',
  'print-cron-lines': () =>
    'Nothing was changed. Without --install, zodbvault prints the lines that it would add.',
  'install-cron': () => 'Install cron (package cron or cronie), or use --systemd.',
  'another-compressor': () =>
    'Use --compressor igzip, pigz or node. Only zodbvault from npm calls ISA-L, with Node 20.15 or later.',
  'install-compressor': ({ package: name }) =>
    `Install it (Debian: ${name}), or use --compressor node.`,
  'delete-restore-point': ({ stamp }) => `"zodbvault delete ${stamp}" deletes that restore point.`,
  'remove-tag': ({ name }) => `"zodbvault tag --remove ${name}" removes the tag.`,
  'put-back-lost-blobs': ({ source, copy }) =>
    `${describeHold({ kind: 'lost', source, holder: copy })}.`,
  'enable-script': ({ script }) =>
    `Set "enable_${script} = true" in the part and run "zodbvault install", or leave it out.`,
  'install-scripts-of': ({ buildout }) => {
    const words = buildout === undefined ? '' : ` --config ${buildout}`;
    return `Run "zodbvault install${words}" first, or name the file that wrote it with --config.`;
  },
};
