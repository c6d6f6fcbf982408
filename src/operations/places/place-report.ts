import type { Hint } from '../../system/remedy.ts';

/** What a place of objects is tried for, in this order. */
export const ABILITIES = [
  'list',
  'write',
  'read',
  'ranges',
  'order',
  'create-once',
  'replace-unchanged',
  'sync',
  'remove',
  'versions',
  'versions-stay',
  'lock',
  'governance',
] as const;

export type Ability = (typeof ABILITIES)[number];

export interface Trial {
  readonly ability: Ability;
  readonly isGood: boolean;
  /** What the store said, where it failed. */
  readonly reason?: string | undefined;
  /** What to do, where without it nothing more can be tried. */
  readonly hint?: Hint | undefined;
}

/** What was found out about a place by trying. */
export interface PlaceReport {
  /** How messages call it. */
  readonly place: string;
  /** What was tried: the rest couldn't be, after something failed. */
  readonly trials: readonly Trial[];
  /** How far the store's clock is ahead of ours; undefined where it can't be told. */
  readonly clockAheadMs: number | undefined;
  readonly writers: Writers;
  /** Undefined where nothing of the kind can be tried: no bucket is meant, or it can't be written to. */
  readonly protection: Protection | undefined;
}

/**
 * How many may write there. `several`: a lock keeps them apart. `one`: nothing does, so somebody has to declare that
 * there is one. `none`: it can't keep copies.
 */
export type Writers = 'several' | 'one' | 'none';

const NEEDED: readonly Ability[] = ['list', 'write', 'read', 'ranges', 'order'];

/** @param conditions - those that the store itself says it keeps to */
export function writersOf(
  trials: readonly Trial[],
  conditions: 'both' | 'absent' | 'none',
): Writers {
  const can = (ability: Ability) => trials.some((one) => one.ability === ability && one.isGood);
  if (!NEEDED.every(can)) return 'none';
  const locks = can('create-once') && (conditions === 'absent' || can('replace-unchanged'));
  return locks ? 'several' : 'one';
}

/**
 * What keeps a copy from somebody who has the key that is used. `lock`: a lock that nobody can get round, once it is set.
 * `key`: it may not remove versions. `none`: nothing does.
 */
export type Protection = 'lock' | 'key' | 'none';

export function protectionOf(trials: readonly Trial[]): Protection | undefined {
  const tried = new Map(trials.map(({ ability, isGood }) => [ability, isGood]));
  if (!tried.has('versions')) return undefined;
  if (tried.get('lock') === true) return 'lock';
  return tried.get('versions-stay') === true ? 'key' : 'none';
}
