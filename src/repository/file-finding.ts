import type { ChainFault } from './layout/chain.ts';
import type { FailedRead } from './problem.ts';

/** Something wrong with a file, or worth knowing of it. */
export interface FileFinding<State = FileState> {
  readonly kind: 'bad' | 'note';
  readonly file: string;
  readonly state: State;
}

/** What was found of a file beside the data files of a repository, or in one of these. */
export type FileState =
  /** A `.dat`. */
  | { readonly kind: 'missing-or-empty' }
  /** A data file that is part of no restore point. */
  | { readonly kind: 'in-no-dat' }
  | { readonly kind: 'chain-fault'; readonly fault: ChainFault }
  /** A record, or that of another data file than `dataFile`. */
  | { readonly kind: 'no-record-of'; readonly dataFile: string }
  /** A record: `start end md5`. */
  | { readonly kind: 'differs-from-dat'; readonly record: string; readonly dat: string }
  /** An index. */
  | { readonly kind: 'missing-index' | 'unreadable-index' | 'other-index' }
  | FailedRead;

/** Whether it is about an index: a restore gives back every byte without it, and the server makes a new one. */
export function isOfIndex({ state }: FileFinding): boolean {
  const { kind } = state;
  return kind === 'missing-index' || kind === 'unreadable-index' || kind === 'other-index';
}
