import { type PointName, pointKey } from './layout/keys.ts';
import type { PointRecord } from './layout/point-record.ts';
import type { SealLine } from './seal-line.ts';

/** What is known of a record: one that is there, or one of which a tombstone tells. */
export interface SealedRecord {
  readonly name: PointName;
  /** Of its bytes. */
  readonly sha256: string;
  readonly before: PointRecord['before'];
  /** When it was removed, as its tombstone says; undefined: it is there. */
  readonly removedAt: string | undefined;
}

/** Where the line of records is broken. */
export interface SealFault {
  /** The record that is no continuation of the one before, or has its number twice. */
  readonly name: PointName;
  readonly kind: 'gap' | 'other-before' | 'number-twice';
}

/**
 * Whether each record names the one that came before it, so that nobody has taken one out, or put one in.
 *
 * @param records - those that are there, and those of which a tombstone tells, in any order
 */
export function faultsInSeal(records: readonly SealedRecord[]): readonly SealFault[] {
  const numbered = byNumber(records);
  return [...records].sort(byWhenItCame).flatMap(({ name, before }): readonly SealFault[] => {
    const previous = numbered.get(name.sequence - 1) ?? [];
    if ((numbered.get(name.sequence)?.length ?? 0) > 1) return [{ name, kind: 'number-twice' }];
    if (name.sequence > 1 && previous.length === 0) return [{ name, kind: 'gap' }];
    const isNamed =
      name.sequence === 1
        ? before === null
        : previous.some(
            (one) => before?.sha256 === one.sha256 && before.key === pointKey(one.name),
          );
    return isNamed ? [] : [{ name, kind: 'other-before' }];
  });
}

/** How a copy has changed since somebody wrote down a line of it. */
export interface SinceLine {
  readonly fault: LineFault | undefined;
  /** Restore points that came, be they gone again. */
  readonly came: number;
  /** Those that were removed, in the order in which they came. */
  readonly removed: readonly SealedRecord[];
}

/** Why a copy isn't the one that a line is of. */
export type LineFault =
  /** The record of the line was taken out, with all that came after it. */
  | { readonly kind: 'ends-before-line' }
  | { readonly kind: 'other-than-line'; readonly name: PointName }
  /** It has restore points that were removed when the line was written. */
  | { readonly kind: 'more-than-line' };

/**
 * Compares records with a line. How many of those before it were removed since is sure: the line has the number. Which
 * of them these are goes by the dates in the tombstones.
 */
export function compareWithLine(records: readonly SealedRecord[], line: SealLine): SinceLine {
  const numbered = byNumber(records);
  const upTo = records.filter(({ name }) => name.sequence <= line.sequence);
  const later = records.filter(({ name }) => name.sequence > line.sequence);
  const missing = line.sequence - new Set(upTo.map(({ name }) => name.sequence)).size;
  const there = upTo.filter((one) => one.removedAt === undefined).length;
  const lost = line.points - there - missing;
  const goneLast = upTo.filter(isRemoved).sort(byRemoval).slice(0, Math.max(0, lost));
  return {
    fault: faultOf(line, { numbered, isMore: lost < 0 }),
    came: later.length,
    removed: [...goneLast, ...later.filter(isRemoved)].sort(byWhenItCame),
  };
}

function faultOf(
  { sequence, sha256 }: SealLine,
  {
    numbered,
    isMore,
  }: {
    readonly numbered: ReadonlyMap<number, readonly SealedRecord[]>;
    readonly isMore: boolean;
  },
): LineFault | undefined {
  if ([...numbered.keys()].every((number) => number < sequence))
    return { kind: 'ends-before-line' };
  const own = numbered.get(sequence) ?? [];
  const [other] = own.some((one) => one.sha256 === sha256) ? [] : own;
  if (other !== undefined) return { kind: 'other-than-line', name: other.name };
  return isMore ? { kind: 'more-than-line' } : undefined;
}

function byNumber(records: readonly SealedRecord[]): ReadonlyMap<number, readonly SealedRecord[]> {
  const numbered = new Map<number, SealedRecord[]>();
  for (const record of records) {
    const { sequence } = record.name;
    numbered.set(sequence, [...(numbered.get(sequence) ?? []), record]);
  }
  return numbered;
}

/** Sorts records in the order in which they came. */
export function byWhenItCame({ name: one }: SealedRecord, { name: other }: SealedRecord): number {
  return one.sequence - other.sequence;
}

function isRemoved({ removedAt }: SealedRecord): boolean {
  return removedAt !== undefined;
}

/** The last one first. */
function byRemoval({ removedAt: one = '' }: SealedRecord, { removedAt: other = '' }: SealedRecord) {
  return one < other ? 1 : one > other ? -1 : 0;
}
