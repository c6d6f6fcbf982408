import { formatStamp, momentOfStamp, parseStamp } from '../layout/stamp.ts';

/** `.zodbvault.bad.STAMP.KIND.PART.WHERE.BEGUN`; no pattern of repozo matches it. */
const NAME =
  /^\.zodbvault\.bad\.(\d{4}(?:-\d\d){5})\.([a-z]+)\.([a-z]+)\.([a-z]+)\.(\d{4}(?:-\d\d){5})$/;

/** What the name tells of a check. */
interface BadResult {
  readonly stamp: string;
  readonly kind: string;
  readonly part: string;
  readonly faults?: { readonly where: string } | undefined;
  readonly at: string;
}

/**
 * The name of an empty file that tells a bad result: on a full disk, a folder has room for a name where a file has none
 * for a byte.
 */
export function nameOfBadResult({ stamp, kind, part, faults, at }: BadResult): string {
  const where = faults?.where ?? 'stored';
  return `.zodbvault.bad.${stamp}.${kind}.${part}.${where}.${formatStamp(new Date(at))}`;
}

/** What such a name tells, in the fields of a check; undefined for every other file. */
export function badResultInName(name: string): object | undefined {
  const [, stamp, kind, part, where, text = ''] = NAME.exec(name) ?? [];
  const begun = parseStamp(text);
  const at = begun && momentOfStamp(begun)?.toISOString();
  if (at === undefined) return undefined;
  const faults = { where, names: [], count: 1 };
  return { stamp, kind, part, outcome: 'bad', faults, at, seconds: 0 };
}
