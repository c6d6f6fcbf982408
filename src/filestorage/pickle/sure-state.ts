import { DICT, KIND_BITS, KIND_MASK, NONE, REFERENCE, TUPLE } from './stack-number.ts';
import { type StateShape, shapeOfClass } from './state-shape.ts';
import { isNamedAt, lineEnd, standsAt } from './text.ts';
import type { TupleTable } from './tuple-table.ts';
import { VALUE } from './value-kind.ts';

const BTREES = Buffer.from('BTrees.', 'latin1');
const PERSISTENT = Buffer.from('persistent.', 'latin1');

/** A state that has been followed: a number of the stack, and the tuples that it is made of. */
export interface FollowedState {
  readonly state: number;
  readonly tuples: TupleTable;
}

/** Whether the class whose name stands there takes that state; where it isn't sure, false. */
export function isSureState(data: Uint8Array, at: number, followed: FollowedState): boolean {
  // Most classes are others.
  if (!standsAt(data, at, BTREES) && !standsAt(data, at, PERSISTENT)) return true;
  const end = lineEnd(data, lineEnd(data, at) + 1);
  const name = Buffer.from(data.buffer, data.byteOffset + at, end - at).toString('latin1');
  const shape = shapeOfClass(name.replace('\n', '.'));
  return shape === undefined || isSure(shape, data, followed);
}

function isSure(shape: StateShape, data: Uint8Array, { state, tuples }: FollowedState): boolean {
  const kind = state & KIND_MASK;
  switch (shape.kind) {
    case 'attributes':
      return kind === DICT || kind === NONE;
    case 'bucket': {
      if (kind !== TUPLE) return false;
      const count = tuples.size(state);
      const items = tuples.first(state);
      if ((count !== 1 && count !== 2) || (items & KIND_MASK) !== TUPLE) return false;
      const isOdd = (tuples.size(items) & 1) === 1;
      if (isOdd && shape.step === 2) return false;
      return ((tuples.even(items) & ~shape.keys) | (tuples.odd(items) & ~shape.values)) === 0;
    }
    case 'tree': {
      if (kind === NONE) return true;
      if (kind !== TUPLE) return false;
      const children = tuples.first(state);
      if ((children & KIND_MASK) !== TUPLE) return false;
      const count = tuples.size(children);
      if (tuples.size(state) === 1) {
        const bucket = tuples.first(children);
        return count === 1 && isSure(shape.bucket, data, { state: bucket, tuples });
      }
      const first = tuples.second(state);
      if (tuples.size(state) !== 2 || (first & KIND_MASK) !== REFERENCE) return false;
      const areChildren =
        (count & 1) === 1 &&
        tuples.even(children) === VALUE.REFERENCE &&
        (tuples.odd(children) & ~shape.bucket.keys) === 0;
      if (!areChildren) return false;
      const itsClass = tuples.classOfReferences(children);
      return (
        isNamedAt(data, first >> KIND_BITS, shape.bucketName) &&
        (isNamedAt(data, itsClass, shape.bucketName) || isNamedAt(data, itsClass, shape.className))
      );
    }
    default:
      return shape satisfies never;
  }
}
