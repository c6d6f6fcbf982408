import { decodeName, encodeName } from './layout/place.ts';

/**
 * What somebody keeps elsewhere of a copy, so that nobody can take something out of it, or put something in, unseen. As
 * a line: `SITE:SEQUENCE:POINTS:SHA256`, the name of the site being written as in keys.
 */
export interface SealLine {
  /** Name of the site in the copy. */
  readonly site: string;
  /** Number of the record that came last, be it gone since. */
  readonly sequence: number;
  /** How many restore points were there up to that one; of the others, there were tombstones. */
  readonly points: number;
  /** Of the bytes of that record, in hex: it names the one before it, and so on, to the first. */
  readonly sha256: string;
}

export function formatSealLine({ site, sequence, points, sha256 }: SealLine): string {
  return [encodeName(site), sequence, points, sha256].join(':');
}

/** Undefined where the text isn't what {@link formatSealLine} makes, but for blanks around it. */
export function parseSealLine(text: string): SealLine | undefined {
  const match = /^([^:]+):([1-9]\d{0,7}):([1-9]\d{0,7}):([0-9a-f]{64})$/.exec(text.trim());
  const [, name = '', digits = '', pointDigits = '', sha256 = ''] = match ?? [];
  const site = decodeName(name);
  const [sequence, points] = [Number(digits), Number(pointDigits)];
  if (site === undefined || match === null || points > sequence) return undefined;
  return { site, sequence, points, sha256 };
}
