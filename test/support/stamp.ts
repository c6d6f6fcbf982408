import { parseStamp, type Stamp } from '../../src/repository/layout/stamp.ts';

/** A stamp that a test writes; an error for what is none. */
export function stamp(text: string): Stamp {
  const parsed = parseStamp(text);
  if (parsed === undefined) throw new RangeError(`"${text}" is no stamp`);
  return parsed;
}
