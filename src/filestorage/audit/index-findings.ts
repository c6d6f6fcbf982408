import type { DecodedIndex } from '../index/index-decoder.ts';
import { oidFromParts } from '../oid.ts';
import type { AuditedLog } from './audited-log.ts';

/** Entries that are looked at; an index of another file differs in all. */
const LOOK_AT = 100_000;

/** Adds what is wrong with a stored index of a log that is whole; says whether anything is. */
export function compareIndex(
  { index, position }: DecodedIndex,
  { index: truth, committedEnd, findings, pointing }: AuditedLog,
): 'equal' | 'different' {
  let isEqual = true;
  if (position !== committedEnd) {
    isEqual = false;
    findings.add('index', () => ({
      state: `the stored index is of a log of ${position} bytes, this one has ${committedEnd}`,
    }));
  }
  let looked = 0;
  for (const { prefix, suffix, position: stored, otherPosition: real } of index.differencesFrom(
    truth,
  )) {
    isEqual = false;
    if (++looked > LOOK_AT) break;
    const says = stored === 0 ? 'has not got it' : `says that its newest record is at ${stored}`;
    const is = real === 0 ? 'the log has no such object' : `it is at ${real}`;
    findings.add('index', () => ({
      state: `the stored index ${says}; ${is}`,
      oid: oidFromParts(prefix, suffix),
      ...(real !== 0 && {
        className: { at: pointing.dataPositionOf(real) },
        transaction: { at: real },
      }),
    }));
  }
  return isEqual ? 'equal' : 'different';
}
