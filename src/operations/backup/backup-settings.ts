import type { BlobPlace } from '../../blobs/layout/catalogue.ts';
import type { CompressionOptions } from '../../repository/content/compression.ts';
import type { Span } from '../../system/calendar/span.ts';
import type { RestoreTraces } from './continuity/restore-history.ts';

/** How a Data.fs is backed up. */
export interface BackupSettings {
  /** Path of the Data.fs. */
  readonly dataFs: string;
  /** Folder of the repository; also the name of it in the `.dat`. */
  readonly repository: string;
  readonly full: 'always' | 'when-needed';
  /** How old a full backup gets before one takes the place of an increment; undefined: any age. */
  readonly fullEvery?: Span | undefined;
  readonly comparison: 'quick' | 'thorough';
  readonly compression: CompressionOptions;
  /** Full backups that stay, with their increments; 0: all. */
  readonly keep: number;
  /** When older ones go: after every backup, or only after a full one, as repozo does. */
  readonly pruneAfter: 'every-backup' | 'full-backup';
  /** Whether a repository that isn't there is made. */
  readonly missingRepository: 'make' | 'fail';
  /** Whether what was written is read back before it counts. */
  readonly confirmation: 'reread' | 'none';
  /** The blobs of the same moment, which the caller backs up; absent: there are none. */
  readonly blobPlace?: BlobPlace | undefined;
  /** Whether it is known to hold only the changes of a DemoStorage; absent: it isn't. */
  readonly isChanges?: boolean;
  /** Where a restore of it may be written down; undefined: in the repository, and beside it. */
  readonly traces?: RestoreTraces;
  readonly now: () => Date;
  readonly random: () => number;
}
