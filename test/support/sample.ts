/** Days since 1970, or what `SAMPLE` says. */
const asked = process.env['SAMPLE'] ?? String(Math.floor(Date.now() / 86_400_000));

/** Whether all cases are wanted: `SAMPLE=all`. */
export const IS_WHOLE = asked === 'all';

/** The number of the sample: another one each day, so that over the days each case has its turn. */
export const SAMPLE = IS_WHOLE ? 0 : Number(asked);
if (!Number.isSafeInteger(SAMPLE)) throw new RangeError(`SAMPLE=${asked} is no number of a day`);

/** For the name of a test: how the same cases are met again. */
export const SAMPLE_NAME = `SAMPLE=${asked}`;

/** Every so many-th of like cases, so that all tests together take minutes. Neighbours in a list of lists get others by `shift`. */
export function sampleOf<Case>(
  cases: readonly Case[],
  { every, shift = 0 }: { readonly every: number; readonly shift?: number },
): readonly Case[] {
  if (IS_WHOLE) return cases;
  return cases.filter((_, index) => (index + SAMPLE + shift) % every === 0);
}
