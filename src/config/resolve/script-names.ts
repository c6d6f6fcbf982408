import type { BackupKind } from '../model/site.ts';

/** What a script does. */
export type ScriptAction = Readonly<
  | { kind: 'backup'; backupKind: Exclude<BackupKind, 'alternative'>; full: 'as-set' | 'always' }
  | { kind: 'restore'; backupKind: BackupKind }
>;

/** The scripts by the names that they have for the part `backup`, in the order of the recipe. */
export const SCRIPTS = {
  backup: { suffix: '', action: { kind: 'backup', backupKind: 'backup', full: 'as-set' } },
  fullbackup: { suffix: '-full', action: { kind: 'backup', backupKind: 'backup', full: 'always' } },
  zipbackup: { suffix: '-zip', action: { kind: 'backup', backupKind: 'zip', full: 'always' } },
  snapshotbackup: {
    suffix: '-snapshot',
    action: { kind: 'backup', backupKind: 'snapshot', full: 'always' },
  },
  restore: { suffix: '-restore', action: { kind: 'restore', backupKind: 'backup' } },
  ziprestore: { suffix: '-ziprestore', action: { kind: 'restore', backupKind: 'zip' } },
  snapshotrestore: {
    suffix: '-snapshotrestore',
    action: { kind: 'restore', backupKind: 'snapshot' },
  },
  altrestore: { suffix: '-altrestore', action: { kind: 'restore', backupKind: 'alternative' } },
} as const satisfies Readonly<Record<string, { suffix: string; action: ScriptAction }>>;

export type ScriptName = keyof typeof SCRIPTS;

export function isScriptName(name: unknown): name is ScriptName {
  return typeof name === 'string' && Object.hasOwn(SCRIPTS, name);
}

/** The file of a script: `backup` has the old names, every other part its own as a prefix. */
export function scriptFileName(part: string, script: ScriptName): string {
  return part === 'backup' ? script : `${part}${SCRIPTS[script].suffix}`;
}

/** Names of the default folders, which follow the scripts' names; below the prefix. */
export function defaultFolderNames(part: string) {
  const isBackup = part === 'backup';
  return {
    location: isBackup ? 'backups' : `${part}s`,
    snapshotlocation: isBackup ? 'snapshotbackups' : `${part}-snapshots`,
    ziplocation: isBackup ? 'zipbackups' : `${part}-zips`,
    blobbackuplocation: isBackup ? 'blobstoragebackups' : `${part}-blobstorages`,
    blobsnapshotlocation: isBackup ? 'blobstoragesnapshots' : `${part}-blobstoragesnapshots`,
    blobziplocation: isBackup ? 'blobstoragezips' : `${part}-blobstoragezips`,
  } as const;
}
