import type { SomeNames } from '../../../blobs/layout/summarize-names.ts';

/** What a backup of blobs says, and the cleanup behind it. */
export type BlobBackupWarning =
  /** Pipes, sockets or devices, which hold no bytes that a backup could have. */
  | ({ readonly kind: 'warning'; readonly code: 'blobs-special-files' } & SomeNames)
  /** Because of options of rsync. */
  | ({
      readonly kind: 'warning';
      readonly code: 'blobs-left-out-by-rsync';
      readonly source: string;
      readonly options: readonly string[];
    } & SomeNames)
  | { readonly kind: 'warning'; readonly code: 'blob-link-copied'; readonly path: string }
  /** The Data.fs has records of blobs, and there was no backup of them before. */
  | { readonly kind: 'warning'; readonly code: 'blob-directory-empty'; readonly source: string }
  /** It has the stamp of this backup, and is made again. */
  | {
      readonly kind: 'notice';
      readonly code: 'blobs-of-another-source';
      readonly path: string;
      readonly source: string | undefined;
    }
  | { readonly kind: 'warning'; readonly code: 'archive-incomplete'; readonly path: string }
  | {
      readonly kind: 'warning';
      readonly code: 'archive-chain-broken';
      readonly folder: string;
      /** The stamp that it begins with. */
      readonly start: string;
      /** The archive that is made now. */
      readonly archive: string;
      readonly beginsChain: boolean;
    }
  /** The live directory lacks a file that a copy of the same state has. */
  | {
      readonly kind: 'warning';
      readonly code: 'blob-missing';
      readonly source: string;
      readonly path: string;
      readonly copy: string;
    }
  /** Files of the copy before, which differ from live ones of the same size and time. */
  | ({ readonly kind: 'warning'; readonly code: 'blobs-differ' } & SomeNames)
  /** Files of the copy before. */
  | ({ readonly kind: 'warning'; readonly code: 'blob-copies-damaged' } & SomeNames)
  /** Files of the live directory; the copy has the right ones. */
  | ({
      readonly kind: 'warning';
      readonly code: 'live-blobs-damaged';
      readonly stamp: string;
      readonly copy: string;
    } & SomeNames)
  | {
      readonly kind: 'warning';
      readonly code: 'blob-checksums-damaged';
      readonly copy: string;
      readonly state: string;
    }
  /** Paths below the live directory, which a copy has. */
  | ({
      readonly kind: 'warning';
      readonly code: 'blobs-lost';
      readonly source: string;
      readonly copy: string;
      readonly isCopyIntact: boolean;
      /** Else they may be there with other bytes. */
      readonly areGone: boolean;
    } & SomeNames)
  /** The Data.fs does not hold them any more. */
  | {
      readonly kind: 'notice';
      readonly code: 'lost-blobs-not-needed';
      readonly source: string;
      readonly stamp: string;
    }
  | {
      readonly kind: 'warning';
      readonly code: 'other-blob-backups';
      readonly folder: string;
      /** Names of the blob directories that they were made of. */
      readonly directories: readonly string[];
    }
  | { readonly kind: 'warning'; readonly code: 'latest-is-no-link'; readonly path: string }
  /** Of two repositories with one identity, one is a copy: the blob backups of the other are left alone. */
  | {
      readonly kind: 'warning';
      readonly code: 'repository-copied';
      readonly folder: string;
      readonly repository: string;
      readonly otherRepository: string | undefined;
      readonly isOtherReadable: boolean;
      readonly entries: readonly string[];
    };
