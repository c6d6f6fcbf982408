import type { Addition } from '../../blobs/copy/additions.ts';
import type { TreeContent } from '../../blobs/copy/copy-tree.ts';
import type { FileFinding } from '../../repository/file-finding.ts';
import type { Reason } from '../../repository/judgement.ts';
import type { FailedRead } from '../../repository/problem.ts';
import type { Finding } from '../../repository/verify-repository.ts';

/** What a verification says of one blob backup, or of a restore point that has lost its own. */
export type BlobFinding = Finding<BlobProblem, BlobsChecked>;

/** What a deep look has found of a file of a blob backup, or of the backup itself. */
export type BlobFileFinding = FileFinding<BlobState>;

/** Why a blob backup can't be restored as it is. */
export type BlobProblem =
  | { readonly kind: 'unusable'; readonly path: string; readonly state: BlobState }
  /** A restore point has no blobs in the folder any more. */
  | {
      readonly kind: 'blobs-gone';
      readonly folder: string | undefined;
      readonly reason: Extract<Reason, { readonly kind: 'gone' | 'incomplete' }>;
    }
  | FailedRead;

export type BlobState =
  | { readonly kind: 'added'; readonly addition: Addition }
  /** A copy has other files than when it was made. */
  | {
      readonly kind: 'other-content';
      readonly found: TreeContent;
      readonly expected: TreeContent;
    }
  /** A copy has links to what is in no backup. */
  | { readonly kind: 'outward-links'; readonly names: readonly string[] }
  /** The checksums of a copy, with which its files would be compared. */
  | { readonly kind: 'no-checksums'; readonly because: 'missing' | 'damaged' }
  /** A file of a copy. */
  | { readonly kind: 'missing' | 'other-bytes' }
  /** A record. */
  | { readonly kind: 'missing-record' | 'unreadable-record' }
  /** An archive, or the state of its chain, is not the file of its record. */
  | { readonly kind: 'replaced' | 'other-sha256' }
  /** The state of a chain of archives, which has a record. */
  | { readonly kind: 'missing-beside-record' }
  /** A folder in which no blob backup belongs to a restore point with so many records of blobs. */
  | { readonly kind: 'no-own-blobs'; readonly records: number }
  /** A blob backup that was made before the restore point. */
  | { readonly kind: 'made-before' }
  | FailedRead;

/** What was compared of a blob backup. */
export type BlobsChecked =
  | 'content'
  /** Nobody had counted the files of a copy. */
  | 'readable-copy'
  | 'presence'
  | 'edges'
  | 'sha256'
  | 'sha256-and-readable'
  /** Nobody had recorded an archive. */
  | 'readable-archive';
