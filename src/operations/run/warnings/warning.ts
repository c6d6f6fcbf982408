import type { BackupWarning } from './backup-warnings.ts';
import type { BlobBackupWarning } from './blob-backup-warnings.ts';
import type { InstallWarning } from './install-warnings.ts';
import type { RestoreWarning } from './restore-warnings.ts';
import type { RunWarning } from './run-warnings.ts';
import type { ServerWarning } from './server-warnings.ts';

/**
 * What people should read, as values: `warning` if somebody should look into it, `notice` if it is put right, or is
 * right. The code never changes; the sentence is for whoever shows it to make.
 */
export type Warning =
  | BackupWarning
  | BlobBackupWarning
  | RestoreWarning
  | RunWarning
  | InstallWarning
  | ServerWarning;

/** The warnings with one of these codes. */
export type WarningOf<Code extends Warning['code']> = Extract<Warning, { readonly code: Code }>;
