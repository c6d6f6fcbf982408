import { ReferenceFinder } from '../reference-finder.ts';
import { unwrapRecord } from '../stored-record.ts';
import { classNamed } from './reference-value.ts';
import type { Value } from './value.ts';
import { ValueReader } from './value-reader.ts';

/** What a data record says: the class of its object, and its state. */
export interface RecordValues {
  readonly kind: 'values';
  /** `module.name`; undefined where the class is given in a way that has no name. */
  readonly className: string | undefined;
  readonly state: Value;
  /** Whether it has a str of Python 2. */
  readonly hasOldStrings: boolean;
  /** The two pickles. */
  readonly pickles: Uint8Array;
}

/** What can't be read without the program that wrote it, and why: see {@link unwrapRecord}. */
export type UnreadableRecord =
  | { readonly kind: 'wrapped'; readonly mark: string }
  | { readonly kind: 'too-large' };

/**
 * The values of a record as its storage has written it. Failure `damaged`: what the record holds are no pickles, or
 * none that ZODB loads.
 */
export function decodeRecordValues(data: Uint8Array): RecordValues | UnreadableRecord {
  const record = unwrapRecord(data);
  if (record.kind !== 'pickles') return record;
  judge.follow(record.bytes, 'references');
  const reader = new ValueReader(record.bytes);
  const className = classNamed(reader.next());
  const state = reader.next();
  const { hasOldStrings } = reader;
  return { kind: 'values', className, state, hasOldStrings, pickles: record.bytes };
}

/** Keeps its tables from one record to the next. */
const judge = new ReferenceFinder();
