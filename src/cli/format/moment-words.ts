import { type Cut, wordsOfCut } from '../../repository/moment/cut.ts';
import { oneLine } from './one-line.ts';
import { formatUtcTime } from './units.ts';

/** A state of the log, and where it ends within the backup of its stamp. */
export interface NamedState {
  readonly stamp: string;
  readonly cut: Cut | undefined;
}

/** In UTC: as in `2026-03-01-04-05-06`, and in `040d5c2c03168844 of 2026-03-01 14:02:58`. */
export function nameOfState({ stamp, cut }: NamedState): string {
  if (cut === undefined) return stamp;
  const { tid, time } = wordsOfCut(cut);
  return `${tid} of ${formatUtcTime(time)}`;
}

/** Who made a transaction, and what it was: `by jane: /Plone/news`. */
export function describeCommit({ user, description }: Pick<Cut, 'user' | 'description'>): string {
  const by = user.trim() === '' ? '' : ` by ${oneLine(user.trim())}`;
  return description.trim() === '' ? by : `${by}: ${oneLine(description.trim())}`;
}
