import { ALL_KINDS, VALUE, type ValueKinds } from './value-kind.ts';

/**
 * Which states the classes of `BTrees` and `persistent` take: what their `__setstate__` was tried with, and took
 * or refused (BTrees 6.5 and persistent 6.9, in C). Any other state is one that no server can load.
 *
 * | class | state |
 * | --- | --- |
 * | `PersistentMapping`, `PersistentList` | None · a dict · (None or a dict, a dict) |
 * | `OOBucket` and the like | ((key, value, ...),) · (the same, the next bucket) |
 * | `OOSet` | ((key, ...),) · (the same, the next set) |
 * | `OOBTree`, `OOTreeSet` | None · ((state of one bucket,),) · ((child, key, child, ...), the first bucket) |
 *
 * Of a bucket's key without a value, and of a tree's key without a child behind it, nobody takes notice.
 */
export type StateShape =
  | { readonly kind: 'attributes' }
  | BucketShape
  | {
      readonly kind: 'tree';
      readonly bucket: BucketShape;
      /** `module.name` of what a child may be: the class itself, and that of its buckets. */
      readonly className: string;
      readonly bucketName: string;
    };

interface BucketShape {
  readonly kind: 'bucket';
  readonly keys: ValueKinds;
  /** As the keys in a set, which has nothing else. */
  readonly values: ValueKinds;
  readonly step: 1 | 2;
}

/** A value of a state, as far as it matters here. */
export interface StateValue {
  /** One of {@link VALUE}; of a tuple that has no `tuple` nobody knows what is in it. */
  readonly valueKind: ValueKinds;
  /** `module.name`, of a reference that says so. */
  readonly className?: string | undefined;
  readonly tuple?: StateTuple;
}

export interface StateTuple {
  readonly count: number;
  /** The first two. */
  readonly first: StateValue | undefined;
  readonly second: StateValue | undefined;
  /** Kinds of the items at 0, 2, 4, ..., and of the others. */
  readonly even: ValueKinds;
  readonly odd: ValueKinds;
  /** The same without the last item. */
  readonly evenFollowed: ValueKinds;
  readonly oddFollowed: ValueKinds;
  /** Classes of the references at 0, 2, 4, ...; undefined among them where one has no name. */
  readonly classes: ReadonlySet<string | undefined>;
}

const ATTRIBUTES: StateShape = { kind: 'attributes' };
const OF_PERSISTENT: ReadonlyMap<string, StateShape> = new Map([
  ['persistent.mapping.PersistentMapping', ATTRIBUTES],
  ['persistent.dict.PersistentDict', ATTRIBUTES],
  ['persistent.list.PersistentList', ATTRIBUTES],
]);

const INTEGERS = VALUE.OBJECT | VALUE.UINT31;
/** What a key or a value may be, by the letter in the class's name. */
const KINDS_OF_LETTER: Readonly<Record<string, ValueKinds>> = {
  O: ALL_KINDS,
  I: INTEGERS | VALUE.NEGATIVE_INT32,
  L: INTEGERS | VALUE.NEGATIVE_INT32 | VALUE.NEGATIVE_INT64 | VALUE.UINT32 | VALUE.UINT63,
  U: INTEGERS | VALUE.UINT32,
  Q: INTEGERS | VALUE.UINT32 | VALUE.UINT63 | VALUE.UINT64,
  F:
    INTEGERS |
    VALUE.NEGATIVE_INT32 |
    VALUE.NEGATIVE_INT64 |
    VALUE.UINT32 |
    VALUE.UINT63 |
    VALUE.UINT64 |
    VALUE.LARGE_INTEGER |
    VALUE.FLOAT,
  f: VALUE.OBJECT | VALUE.BYTES_OF_2,
  s: VALUE.OBJECT | VALUE.BYTES_OF_6,
};
const OF_BTREES = /^BTrees\._?([OILUQ][OILUQF]|fs)BTree\.\1(BTree|Bucket|TreeSet|Set)$/;

const shapes = new Map<string, StateShape | undefined>();

/** The states that a class takes; undefined where nobody knows. */
export function shapeOfClass(className: string): StateShape | undefined {
  if (!className.startsWith('BTrees.')) return OF_PERSISTENT.get(className);
  const known = shapes.get(className);
  if (known !== undefined || shapes.has(className)) return known;
  const shape = shapeOfBTree(className);
  // Names come from records, damaged ones among them.
  if (shape !== undefined) shapes.set(className, shape);
  return shape;
}

function shapeOfBTree(className: string): StateShape | undefined {
  const [, letters = '', form = ''] = OF_BTREES.exec(className) ?? [];
  const keys = KINDS_OF_LETTER[letters[0] ?? ''];
  const valuesOfMapping = KINDS_OF_LETTER[letters[1] ?? ''];
  if (keys === undefined || valuesOfMapping === undefined) return undefined;
  const isSet = form.endsWith('Set');
  const bucket: BucketShape = {
    kind: 'bucket',
    keys,
    values: isSet ? keys : valuesOfMapping,
    step: isSet ? 1 : 2,
  };
  if (form === 'Bucket' || form === 'Set') return bucket;
  const bucketName = className.replace(/[A-Za-z]+$/, `${letters}${isSet ? 'Set' : 'Bucket'}`);
  return { kind: 'tree', bucket, className, bucketName };
}

/** What is wrong with a state; undefined where nothing is. */
export function faultOfState(shape: StateShape, state: StateValue): string | undefined {
  switch (shape.kind) {
    case 'attributes':
      return faultOfAttributes(state);
    case 'bucket':
      return faultOfBucket(shape, state);
    case 'tree':
      return faultOfTree(shape, state);
    default:
      return shape satisfies never;
  }
}

/** What has items that can be asked for, or may have. */
const HAS_ITEMS = VALUE.DICT | VALUE.OBJECT | VALUE.GLOBAL | VALUE.REFERENCE;

/** Nothing is known of it, or of what it holds. */
function isHidden({ valueKind, tuple }: StateValue): boolean {
  return isOf(valueKind, VALUE.OBJECT) || (isOf(valueKind, VALUE.TUPLE) && tuple === undefined);
}

function faultOfAttributes(state: StateValue): string | undefined {
  if (isHidden(state)) return undefined;
  const { valueKind, tuple } = state;
  if (tuple === undefined) {
    return isOf(valueKind, HAS_ITEMS | VALUE.NONE) ? undefined : 'its state is no dict';
  }
  const { count, first, second } = tuple;
  if (count !== 2) return `its state is a tuple of ${count}`;
  const isRight =
    isOf(first?.valueKind, HAS_ITEMS | VALUE.NONE) &&
    isOf(second?.valueKind, VALUE.DICT | VALUE.OBJECT);
  return isRight ? undefined : 'its state is a tuple of other things than dicts';
}

function faultOfBucket({ keys, values, step }: BucketShape, state: StateValue): string | undefined {
  if (isHidden(state)) return undefined;
  if (state.tuple === undefined) return 'its state is no tuple';
  const { count, first } = state.tuple;
  if (count !== 1 && count !== 2) return `its state is a tuple of ${count}`;
  if (first !== undefined && isHidden(first)) return undefined;
  if (first?.tuple === undefined) return 'its state does not begin with a tuple of its items';
  const items = first.tuple;
  if (step === 1)
    return isOf(items.even | items.odd, keys) ? undefined : 'a key is of a wrong type';
  if (!isOf(items.evenFollowed, keys)) return 'a key is of a wrong type';
  return isOf(items.odd, values) ? undefined : 'a value is of a wrong type';
}

function faultOfTree(
  shape: Extract<StateShape, { kind: 'tree' }>,
  state: StateValue,
): string | undefined {
  if (isHidden(state) || isOf(state.valueKind, VALUE.NONE)) return undefined;
  if (state.tuple === undefined) return 'its state is no tuple';
  const { count, first, second } = state.tuple;
  if (count !== 1 && count !== 2) return `its state is a tuple of ${count}`;
  if (first !== undefined && isHidden(first)) return undefined;
  if (first?.tuple === undefined) return 'its state does not begin with a tuple of its children';
  const items = first.tuple;
  if (items.count === 0) return 'it has no children';
  const fault = faultOfChildren(shape, items);
  if (fault !== undefined) return fault;
  const firstBucket = second ?? items.first;
  if (second === undefined && isOf(firstBucket?.valueKind, VALUE.TUPLE)) return undefined;
  if (!isOf(firstBucket?.valueKind, VALUE.REFERENCE | VALUE.OBJECT))
    return 'it has no first bucket';
  const name = firstBucket?.className;
  return name === undefined || name === shape.bucketName
    ? undefined
    : `its first bucket is said to be a ${name}`;
}

function faultOfChildren(
  { bucket, className, bucketName }: Extract<StateShape, { kind: 'tree' }>,
  { first, even, oddFollowed, classes }: StateTuple,
): string | undefined {
  if (!isOf(even, VALUE.REFERENCE | VALUE.TUPLE | VALUE.OBJECT)) return 'a child is no object';
  for (const name of classes) {
    if (name === undefined || name === className || name === bucketName) continue;
    return `a child is said to be a ${name}`;
  }
  if (first?.tuple !== undefined) {
    const fault = faultOfBucket(bucket, first);
    if (fault !== undefined) return fault;
  }
  return isOf(oddFollowed, bucket.keys) ? undefined : 'a key is of a wrong type';
}

/** Whether all of some kinds are among others. */
function isOf(kinds: ValueKinds | undefined, others: ValueKinds): boolean {
  return ((kinds ?? 0) & ~others) === 0;
}
