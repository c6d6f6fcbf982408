import type { ChainFault } from './layout/chain.ts';

/** What is wrong with a file of a repository, or with the chain that it belongs to. */
export type RepositoryProblem =
  | ChainFault
  /** An increment without a full backup in front of it. */
  | { readonly kind: 'no-full-backup' }
  /** A `.dat` without its full backup. */
  | { readonly kind: 'full-backup-missing' }
  /** What the run noted in it is lost. */
  | { readonly kind: 'unreadable-record'; readonly fileName: string }
  /** There is a record, and this version did not write it. */
  | { readonly kind: 'foreign-record'; readonly fileName: string }
  | { readonly kind: 'other-size'; readonly bytes: number; readonly expectedBytes: number }
  | FailedRead;

/** Reading it has failed, with this message. */
export interface FailedRead {
  readonly kind: 'failed-read';
  readonly message: string;
}

/** What is wrong with something that has a name. */
export interface NamedProblem {
  readonly name: string;
  readonly problem: RepositoryProblem;
}

/** What a verification has compared. */
export type Checked =
  | 'size'
  | 'md5'
  /** Its index is missing, or is not the one that was written with it. */
  | 'md5-and-sha256'
  | 'sha256-and-index'
  /** There are no checksums. */
  | 'transactions';
