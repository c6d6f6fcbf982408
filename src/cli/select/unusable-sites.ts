import type { Site } from '../../config/model/site.ts';
import { Failure } from '../../system/failure.ts';
import { adviceOf } from '../render/remedies/advice.ts';

/** One of several sites, or parts, that can't be used. */
export interface UnusableSite {
  readonly part: string;
  /** What is wrong with it. */
  readonly failure: Failure;
}

/** The sites that a command is about. */
export interface MeantSites {
  readonly sites: readonly Site[];
  readonly unusable: readonly UnusableSite[];
}

/**
 * Gives those that can't be used to whoever does something with the others; where nobody does, or there are
 * no others, they are thrown, all at once, under the hint of the first.
 */
export function takeUnusable(
  found: readonly UnusableSite[],
  {
    takers,
    others,
    advice = '',
  }: {
    readonly takers: UnusableSite[] | undefined;
    /** How many others can be used. */
    readonly others: number;
    /** Stands behind the hint. */
    readonly advice?: string;
  },
): void {
  const [first, ...more] = found.map(({ failure }) => failure);
  if (first === undefined) return;
  if (takers !== undefined && others > 0) {
    takers.push(...found);
    return;
  }
  if (more.length === 0 && advice === '') throw first;
  const { code, hint } = first;
  const message = [first, ...more].map((one) => one.message).join('\n');
  throw new Failure(code, message, { hint: `${adviceOf(hint)}${advice}`, cause: first });
}
