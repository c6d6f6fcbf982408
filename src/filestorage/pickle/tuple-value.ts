import { type PickleValue, plainValue, type TupleValue } from './pickle-value.ts';
import type { StateTuple } from './state-shape.ts';
import { UNHASHABLE, VALUE } from './value-kind.ts';

/** Items of a tuple or list that are kept: no persistent id has more. */
export const KEPT_ITEMS = 3;

/** Tuples in tuples in the state of a small BTree, the deepest that a state's rules look at. */
const LEVELS_OF_STATE = 4;

/** Values in a tuple, with those in its tuples: the class of a reference and its oid have fewer. */
const MAXIMUM_WEIGHT = 16;
const IN_REFERENCES =
  VALUE.BYTES_OF_8 | VALUE.TEXT | VALUE.GLOBAL | VALUE.TUPLE | VALUE.OBJECT | VALUE.REFERENCE;

/** Values that it is made of, itself included. */
export function weightOf(value: PickleValue): number {
  return value.kind === 'tuple' ? value.weight : 1;
}

/** Whether a dict takes it for a key. */
export function isHashable(value: PickleValue): boolean {
  return value.kind === 'tuple' ? value.isHashable : (value.valueKind & UNHASHABLE) === 0;
}

/** A tuple of which `kept` are the first items. */
export function tupleOf(kept: readonly PickleValue[], all: readonly PickleValue[]): TupleValue {
  const weight = kept.reduce((sum, item) => sum + weightOf(item), 1);
  // No reference and no class can be made of one that is heavier: only a state's rules look at it.
  const items =
    weight > MAXIMUM_WEIGHT ? kept.map((item) => prune(item, LEVELS_OF_STATE - 1)) : kept;
  return {
    kind: 'tuple',
    valueKind: VALUE.TUPLE,
    items: all.length > KEPT_ITEMS ? [] : items,
    tuple: { count: all.length, first: items[0], second: items[1], ...kindsOf(all) },
    isHashable: all.every(isHashable),
    weight: Math.min(weight, MAXIMUM_WEIGHT),
  };
}

function kindsOf(all: readonly PickleValue[]): Omit<StateTuple, 'count' | 'first' | 'second'> {
  const followed = { even: 0, odd: 0 };
  const classes = new Set<string | undefined>();
  const last = all.length - 1;
  for (const [place, { valueKind }] of all.entries()) {
    if (place < last) followed[place % 2 === 0 ? 'even' : 'odd'] |= valueKind;
  }
  for (let place = 0; place <= last && classes.size <= KEPT_ITEMS; place += 2) {
    const item = all[place];
    if (item?.valueKind !== VALUE.REFERENCE) continue;
    classes.add(item.kind === 'plain' ? item.className : undefined);
  }
  const kindOfLast = all[last]?.valueKind ?? 0;
  return {
    even: followed.even | (last % 2 === 0 ? kindOfLast : 0),
    odd: followed.odd | (last % 2 === 1 ? kindOfLast : 0),
    evenFollowed: followed.even,
    oddFollowed: followed.odd,
    classes,
  };
}

/** Whether it may be a persistent id, or the words of one. */
export function canBeReference({ tuple: { count, even, odd } }: TupleValue): boolean {
  return count > 0 && count <= KEPT_ITEMS && ((even | odd) & ~IN_REFERENCES) === 0;
}

/** A value without what nobody looks at in a state: strings, and tuples of lower levels. */
function prune(value: PickleValue, levels: number): PickleValue {
  switch (value.kind) {
    case 'plain':
      return value;
    case 'tuple': {
      if (levels === 0) return plainValue(VALUE.TUPLE);
      const [first, second] = [value.tuple.first, value.tuple.second].map((item) =>
        item === undefined ? undefined : prune(item, levels - 1),
      );
      return { ...value, items: [], tuple: { ...value.tuple, first, second } };
    }
    case 'bytes':
    case 'text':
    case 'literal':
    case 'escaped':
    case 'global':
    case 'list':
      return plainValue(value.valueKind);
    default:
      return value satisfies never;
  }
}
