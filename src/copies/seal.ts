import { type PointName, pointKey } from './layout/keys.ts';
import type { PointRecord } from './layout/point-record.ts';

/** What is known of a record: one that is there, or one of which a tombstone tells. */
export interface SealedRecord {
  readonly name: PointName;
  /** Of its bytes. */
  readonly sha256: string;
  readonly before: PointRecord['before'];
}

/** Where the line of records is broken. */
export interface SealFault {
  /** The record that is no continuation of the one before. */
  readonly name: PointName;
  readonly kind: 'gap' | 'other-before';
}

/**
 * Whether each record names the one that came before it, so that nobody has taken one out, or put one in.
 *
 * @param records - those that are there, and those of which a tombstone tells, in any order
 */
export function faultsInSeal(records: readonly SealedRecord[]): readonly SealFault[] {
  const inOrder = [...records].sort((one, other) => one.name.sequence - other.name.sequence);
  return inOrder.flatMap(({ name, before }, index): readonly SealFault[] => {
    const last = inOrder[index - 1];
    const expected = last?.name.sequence ?? 0;
    if (name.sequence !== expected + 1) return [{ name, kind: 'gap' }];
    const isSame =
      last === undefined
        ? before === null
        : before?.sha256 === last.sha256 && before.key === pointKey(last.name);
    return isSame ? [] : [{ name, kind: 'other-before' }];
  });
}
